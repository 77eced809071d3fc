// Measures shell completion as a whole process, compared with `node -e 0`: commands, workflow keys, values of --set,
// recipients and the names of scenarios, in the sample project. --save writes bench/results/completion.json.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COMMAND = join(root, "bin", "knock.js");
const PROJECT = join(root, "fixtures", "collab");
const [rounds = 20] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);

const LINES = {
  commands: "knock noti",
  workflow_keys: "knock notify new",
  data: "knock notify new-comment --set ",
  recipients: "knock notify new-comment --recipients ad",
  scenario_names: "knock test --filter 'sends",
};

/** Returns the wall time of a process in milliseconds. Throws if it fails or prints nothing. */
function time(args, line) {
  const start = performance.now();
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: "",
    COMP_LINE: line,
    COMP_POINT: String(line.length),
    SHELL: "bash",
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, env });
  const wall = performance.now() - start;
  if (status !== 0 || (line !== "" && stdout.length === 0)) throw new Error(`${line}: exit ${status}: ${stderr}`);
  return wall;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (value) => Math.round(value * 100) / 100;

const cases = { node: [], ...Object.fromEntries(Object.keys(LINES).map((name) => [name, []])) };
for (const line of Object.values(LINES)) time([COMMAND, "completion-server", "--"], line); // fills the code cache
for (let i = 0; i < rounds; i++) {
  cases.node.push(time(["-e", "0"], ""));
  for (const [name, line] of Object.entries(LINES)) cases[name].push(time([COMMAND, "completion-server", "--"], line));
}
const { node, ...measured } = cases;
const result = {
  rounds,
  node_ms: round(median(node)),
  ...Object.fromEntries(Object.entries(measured).map(([name, times]) => [`${name}_ms`, round(median(times))])),
  ...Object.fromEntries(
    Object.entries(measured).map(([name, times]) => [`${name}_times_node`, round(median(times) / median(node))]),
  ),
};
console.log(JSON.stringify(result, null, 2));
saveResult("completion", result);
