// Measures `knock test` as a whole process: 1,000 scenarios of three steps in 20 files, and a single scenario compared
// with `node -e 0`. --save writes bench/results/testing.json.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkLimits } from "./limits.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COMMAND = join(root, "bin", "knock.js");
const [rounds = 5] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const FILES = 20;
const SCENARIOS_PER_FILE = 50;

/** Returns a scenario that triggers, moves the clock past a delay, and cancels what no longer waits. */
function formatScenario(index) {
  return `  sends the email about page ${index}:
    steps:
      - notify: { recipients: [grace], actor: alan, data: { page: "Page ${index}" }, cancellation_key: "page-${index}" }
        expect:
          outcomes: { grace: { in_app_feed_1: delivered, delay_1: waiting } }
          messages: [{ to: grace, channel: in-app, count: 1 }]
          no_messages: [{ channel: email }]
      - advance: 30m
        expect:
          messages: [{ to: grace, channel: email, count: 1, subject: { contains: "Page ${index}" } }]
      - cancel: "page-${index}"
        expect: { cancelled: 0, no_messages: true }
`;
}

function createProject(folder, files, scenariosPerFile) {
  cpSync(join(root, "fixtures", "collab"), folder, { recursive: true });
  const scenarios = join(folder, "scenarios");
  mkdirSync(scenarios);
  for (let file = 0; file < files; file++) {
    const texts = Array.from({ length: scenariosPerFile }, (_, n) => formatScenario(file * scenariosPerFile + n));
    writeFileSync(join(scenarios, `file-${file}.test.yaml`), `workflow: new-comment\nscenarios:\n${texts.join("")}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "knock-testing-"));

// Node 20 reads this certificate bundle at every start. An existing code cache of the user may be from runs that needed other
// functions.
const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
delete env.NODE_EXTRA_CA_CERTS;

/** Returns the wall time of a process in milliseconds. Throws if it fails. */
function time(args, cwd) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  const took = performance.now() - start;
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return took;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (value) => Math.round(value * 100) / 100;

try {
  const many = join(folder, "many");
  const single = join(folder, "single");
  createProject(many, FILES, SCENARIOS_PER_FILE);
  createProject(single, 1, 1);
  for (let n = 0; n < 3; n++) time([COMMAND, "test", "scenarios"], single); // the second run fills the code cache
  const times = { node: [], single: [], many: [] };
  for (let i = 0; i < rounds; i++) {
    for (let n = 0; n < 5; n++) {
      times.node.push(time(["-e", "0"], folder));
      times.single.push(time([COMMAND, "test", "scenarios"], single));
    }
    times.many.push(time([COMMAND, "test", "scenarios"], many));
  }
  const result = {
    rounds,
    scenarios: FILES * SCENARIOS_PER_FILE,
    seconds: round(median(times.many) / 1000),
    single_ms: round(median(times.single)),
    single_times_node: round(median(times.single) / median(times.node)),
  };
  console.log(JSON.stringify(result, null, 2));
  checkLimits({ scenario_times_node: result.single_times_node });
  saveResult("testing", result);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
