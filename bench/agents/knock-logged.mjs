#!/usr/bin/env node
// Runs `knock` for an agent that uses the command line, and logs each call: see README.md.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { appendLog } from "./append-log.mjs";
import { BIN } from "./project.mjs";

const { KNOCK_AGENT_LOG: _, ...env } = process.env;
const argv = process.argv.slice(2);
const child = spawn(process.execPath, [BIN, ...argv], { stdio: ["inherit", "pipe", "pipe"], env });

function forward(name) {
  const counts = { bytes: 0 };
  child[name].on("data", (chunk) => {
    counts.bytes += chunk.length;
  });
  child[name].pipe(process[name], { end: false });
  return counts;
}

const stdout = forward("stdout");
const stderr = forward("stderr");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// The reader of a pipe such as `knock help | head` may close it.
for (const name of ["stdout", "stderr"]) process[name].on("error", () => child[name].destroy());

child.on("close", (code, signal) => {
  const exit = code ?? 128 + constants.signals[signal];
  appendLog({ argv, exit, stdout_bytes: stdout.bytes, stderr_bytes: stderr.bytes });
  process.exitCode = exit;
});
