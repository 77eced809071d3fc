// Measures the CPU time of `knock mcp` until its first answer, beside `node -e 0`. Each round starts both ten times in
// a shell, whose `times` contains the CPU time of its processes. Prints medians; --save also writes them to bench/results/.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLimits } from "./limits.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(import.meta.dirname, "..");
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 15);
const STARTS = 10;
const folder = mkdtempSync(join(tmpdir(), "knock-mcp-bench-"));
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
const clientInfo = { name: "bench", version: "1" };
const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
const initialize = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
const commands = {
  "node -e 0": ["-e", "0"],
  "knock mcp (first answer)": [join(root, "bin/knock.js"), "mcp", "--project", join(root, "fixtures/collab")],
};

/** Returns the CPU time of one start in milliseconds. The command ends with its input, after it has answered. */
function measure(args) {
  const script = `for ((i = 0; i < ${STARTS}; i++)); do "$@" <<<"$MESSAGE" >/dev/null 2>&1 || exit 1; done; times`;
  const output = execFileSync("bash", ["-c", script, "bash", process.execPath, ...args], {
    env: { ...env, MESSAGE: initialize, XDG_CACHE_HOME: join(folder, "cache") },
    encoding: "utf8",
    timeout: 120_000,
  });
  const [, children] = output.trim().split("\n");
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => minutes * 60 + Number(rest));
  return ((seconds[0] + seconds[1]) * 1000) / STARTS;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const names = Object.keys(commands);
const times = Object.fromEntries(names.map((name) => [name, []]));
for (const name of names) measure(commands[name]); // fills the code cache
for (let round = 0; round < rounds; round++) for (const name of names) times[name].push(measure(commands[name]));
rmSync(folder, { recursive: true, force: true });

const base = times["node -e 0"];
const rows = names.map((name) => ({
  command: name,
  cpu_ms: Number(median(times[name]).toFixed(1)),
  times_node: Number(median(times[name].map((value, round) => value / base[round])).toFixed(2)),
}));
console.table(rows);
checkLimits({ mcp_cpu_times_node: rows[1].times_node });
saveResult("mcp", { rounds, starts_per_round: STARTS, rows });
