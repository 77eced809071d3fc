#!/usr/bin/env node
// Calls the tools of `knock mcp` for an agent that cannot use the protocol itself, and logs each call: see README.md. One server per
// folder keeps running in the background, because tools are called by one client in a session.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { appendLog } from "./append-log.mjs";
import { BIN } from "./project.mjs";

const USAGE = `usage: call-tool.mjs --list
       call-tool.mjs <tool> ['<arguments as JSON>']
       call-tool.mjs --resource <uri>
       call-tool.mjs --prompt <name> ['<arguments as JSON>']
       call-tool.mjs --stop`;
const IDLE_MS = 10 * 60_000;
const START_MS = 30_000;
const CALL_MS = 5 * 60_000;

const folder = realpathSync(process.cwd());
const socketFolder = join(tmpdir(), `knock-agents-${userInfo().uid}`);
const socketPath = join(socketFolder, `${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.sock`);

const toText = (content) => (content.type === "text" ? content.text : JSON.stringify(content));

/** Answers one request with { text, isError }. */
async function answer(client, { kind, name, values }) {
  const options = { timeout: CALL_MS, resetTimeoutOnProgress: true };
  switch (kind) {
    case "list": {
      const { tools } = await client.listTools();
      const described = tools.map(({ name, title, description, inputSchema }) => ({
        name,
        title,
        description,
        inputSchema,
      }));
      const lines = described.map((tool) => JSON.stringify(tool)).join(",\n");
      return { text: `{"instructions":${JSON.stringify(client.getInstructions())},"tools":[\n${lines}\n]}` };
    }
    case "tool": {
      const { content, isError } = await client.callTool({ name, arguments: values }, options);
      return { text: content.map(toText).join("\n"), isError: isError === true };
    }
    case "resource": {
      const { contents } = await client.readResource({ uri: name }, options);
      return { text: contents.map(({ text, blob }) => text ?? blob).join("\n") };
    }
    case "prompt": {
      const { messages } = await client.getPrompt({ name, arguments: values }, options);
      return { text: messages.map(({ content }) => toText(content)).join("\n") };
    }
  }
}

/** Serves requests until the server of the tools ends, no request arrives for ten minutes, or a request stops it. */
async function serve() {
  const { KNOCK_AGENT_LOG: _, ...env } = process.env;
  const client = new Client({ name: "agent", version: "1" });
  const end = () => process.exit(0);
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [BIN, "mcp"],
      cwd: folder,
      env,
      stderr: "ignore",
    }),
  );
  client.onclose = end;
  const idle = setTimeout(() => client.close().finally(end), IDLE_MS);
  const server = createServer((connection) => {
    connection.on("error", () => {});
    createInterface({ input: connection }).once("line", async (line) => {
      idle.refresh();
      const request = JSON.parse(line);
      if (request.kind === "stop") {
        server.close();
        connection.end(JSON.stringify({ text: "stopped" }), () => client.close().finally(end));
        return;
      }
      const reply = await answer(client, request).catch((error) => ({ text: error.message, isError: true }));
      idle.refresh();
      connection.end(JSON.stringify(reply));
    });
  });
  process.on("exit", () => rmSync(socketPath, { force: true }));
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, end);
  rmSync(socketPath, { force: true });
  server.listen(socketPath);
}

/** Sends a request to the background process, and returns its reply, or null without such a process. */
function send(request) {
  return new Promise((resolve, reject) => {
    const connection = connect(socketPath);
    const chunks = [];
    connection.on("connect", () => connection.write(`${JSON.stringify(request)}\n`));
    connection.on("data", (chunk) => chunks.push(chunk));
    connection.on("end", () => {
      if (chunks.length > 0) resolve(JSON.parse(Buffer.concat(chunks).toString()));
      else reject(new Error("the server of the tools ended during the call"));
    });
    connection.on("error", (error) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(null);
      else reject(error);
    });
  });
}

async function request(message) {
  const reply = await send(message);
  if (reply !== null || message.kind === "stop") return reply ?? { text: "not running" };
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  spawn(process.execPath, [fileURLToPath(import.meta.url), "--serve"], { detached: true, stdio: "ignore" }).unref();
  for (const endsAt = Date.now() + START_MS; Date.now() < endsAt; await sleep(50)) {
    const started = await send(message);
    if (started !== null) return started;
  }
  throw new Error("`knock mcp` did not start: run it in this folder to see why");
}

function parseMessage([first, second, third]) {
  if (first === "--list" || first === "--stop") return { kind: first.slice(2) };
  if (first === "--resource" && second !== undefined) return { kind: "resource", name: second };
  if (first === "--prompt" && second !== undefined)
    return { kind: "prompt", name: second, values: JSON.parse(third ?? "{}") };
  if (first === undefined || first.startsWith("-")) throw new Error(USAGE);
  return { kind: "tool", name: first, values: JSON.parse(second ?? "{}") };
}

async function call(words) {
  let message = { kind: "invalid", values: words };
  let reply;
  try {
    message = parseMessage(words);
    reply = await request(message);
  } catch (error) {
    reply = { text: error.message, isError: true };
  }
  const { text, isError = false } = reply;
  console.log(isError ? `error: ${text}` : text);
  if (isError) process.exitCode = 1;
  if (message.kind === "stop") return;
  const { kind, name: tool = null, values = {} } = message;
  appendLog({ kind, tool, arguments: values, is_error: isError, characters: text.length });
}

if (process.argv[2] === "--serve") await serve();
else await call(process.argv.slice(2));
