import { readFileSync } from "node:fs";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { JsonObject } from "../../../src/util/json.js";
import { eventually } from "../../helpers/eventually.js";
import { BIN, type Sample, type StartedCommand } from "../../helpers/run-knock.js";

/** `legacy` begins with `initialize`; `modern` is the protocol of 2026-07-28. */
export type Era = "legacy" | "modern";

/** The result of a call, with its first text and its structured content. */
export interface CallResult {
  text: string;
  isError: boolean;
  content: JsonObject;
}

/** A client of the official library, which validates structured results against the schemas of their tools. */
export interface McpClient {
  client: Client;
  call(name: string, values?: JsonObject): Promise<CallResult>;
  close(): Promise<void>;
}

const createClient = (era: Era): Client =>
  new Client(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } } },
  );

function wrap(client: Client): McpClient {
  return {
    client,
    async call(name, values = {}) {
      const { content, structuredContent, isError } = await client.callTool({ name, arguments: values });
      const [first] = content as { text: string }[];
      return { text: first?.text ?? "", isError: isError === true, content: (structuredContent ?? {}) as JsonObject };
    },
    close: () => client.close(),
  };
}

/** Returns the environment of a sample's commands. */
function getEnvironment({ home, dir }: Sample): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_CONFIG_HOME: `${home}/.config`,
    TZ: "UTC",
    TMPDIR: `${dir}/..`,
  };
}

/** Starts `knock mcp` in a sample project. */
export async function connectOnStdio(
  sample: Sample,
  { args = [], era = "modern", env = {} }: { args?: string[]; era?: Era; env?: Record<string, string> } = {},
): Promise<McpClient> {
  const client = createClient(era);
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [BIN, "mcp", ...args],
      cwd: sample.dir,
      env: { ...getEnvironment(sample), ...env },
      stderr: "ignore",
    }),
  );
  return wrap(client);
}

export async function connectOverHttp(url: string, era: Era = "modern"): Promise<McpClient> {
  const client = createClient(era);
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url)));
  return wrap(client);
}

/** Starts `knock dev` in a sample project. */
export async function startDev(
  sample: Sample,
  args: readonly string[] = ["--store", ":memory:"],
  env: Record<string, string> = {},
): Promise<{ url: string; process: StartedCommand }> {
  const command = sample.start(["dev", "--port", "0", "--ready-file", "ready.json", ...args], { env });
  const ready = await eventually(() => {
    if (command.exitCode !== null) throw new Error(`knock dev ended with ${command.exitCode}`);
    try {
      return JSON.parse(readFileSync(sample.path("ready.json"), "utf8")) as { url: string };
    } catch {
      return null;
    }
  });
  return { url: ready.url, process: command };
}
