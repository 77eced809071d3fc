// Checks the health of a container, whose first process runs the command: `knock dev` must be ready, `knock worker
// --metrics-port` must be healthy, and any other command is healthy while it runs. Exits with 1 if it is unhealthy. A process ID as
// argument selects another process.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const DEFAULT_PORT = 8484;
const TIMEOUT_MS = 2500;

const [, , pid = "1"] = process.argv;
const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
const [command, ...flags] = words.slice(words.findIndex((word) => /^knock(\.js)?$/.test(basename(word))) + 1);

/** Returns the value of a flag, written as `--port 1` or `--port=1`; undefined if it is not given. */
function readFlag(name) {
  const position = flags.findIndex((flag) => flag === name || flag.startsWith(`${name}=`));
  return position === -1 ? undefined : (flags[position].split("=")[1] ?? flags[position + 1]);
}

async function check(port, path) {
  const { ok } = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  process.exitCode = ok ? 0 : 1;
}

const metricsPort = readFlag("--metrics-port");
if (command === "dev") await check(readFlag("--port") ?? DEFAULT_PORT, "/__knock/ready");
else if (command === "worker" && metricsPort !== undefined) await check(metricsPort, "/health");
