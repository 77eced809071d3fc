// Checks the health of a container, whose first process runs the command: `knock dev` must answer requests, and any other
// command is healthy while it runs. Exits with 1 if it is unhealthy. A process ID as argument selects another process.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const DEFAULT_PORT = 8484;
const TIMEOUT_MS = 2000;

const [, , pid = "1"] = process.argv;
const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
const [command, ...flags] = words.slice(words.findIndex((word) => /^knock(\.js)?$/.test(basename(word))) + 1);
if (command === "dev") {
  const position = flags.findIndex((flag) => /^--port(=|$)/.test(flag));
  const port = position === -1 ? DEFAULT_PORT : (flags[position].split("=")[1] ?? flags[position + 1]);
  const { ok } = await fetch(`http://127.0.0.1:${port}/__knock/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  process.exitCode = ok ? 0 : 1;
}
