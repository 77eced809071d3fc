// Measures `knock pull` into an empty project, `knock plan`, a `knock push` without changes, and pushes of 200 changed workflows
// without and with commits, for an account of 200 workflows, which `knock dev` serves, each as a whole process. Prints median times; --save also writes them to bench/results/. Run
// `npm run build` first.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = join(root, "bin", "knock.js");
const WORKFLOWS = 200;
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 5);
const folder = mkdtempSync(join(tmpdir(), "knock-account-"));
const account = join(folder, "account");
const workflows = join(account, "knock", "workflows");

cpSync(join(root, "fixtures", "collab"), account, { recursive: true });
const keys = readdirSync(workflows);
for (let index = keys.length; index < WORKFLOWS; index++) {
  const key = keys[index % keys.length];
  cpSync(join(workflows, key), join(workflows, `${key}-${index}`), { recursive: true });
}

const ready = join(folder, "ready.json");
const server = spawn(process.execPath, [bin, "dev", "--port", "0", "--store", ":memory:", "--ready-file", ready], {
  cwd: account,
  stdio: "ignore",
});
const getMedian = (numbers) => Math.round(numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]);

/** Changes the name of each workflow. */
function renameAll(project, name) {
  const parent = join(project, "knock", "workflows");
  for (const key of readdirSync(parent)) {
    const file = join(parent, key, "workflow.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), name }, null, 2));
  }
}

try {
  while (!existsSync(ready)) await sleep(50);
  const env = {
    ...process.env,
    XDG_CACHE_HOME: join(folder, "cache"),
    KNOCK_MGMT_BASE_URL: JSON.parse(readFileSync(ready, "utf8")).url,
    KNOCK_SERVICE_TOKEN: "knock_st_local",
  };
  const run = (project, ...args) => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: project, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`knock ${args.join(" ")}: exit ${status}: ${stderr}`);
    return performance.now() - start;
  };
  const times = { pull: [], plan: [], push: [], push_all: [], push_and_commit_all: [] };
  // The first round fills the cache of code, and starts the account.
  for (let round = -1; round < rounds; round++) {
    const project = join(folder, `project-${round}`);
    mkdirSync(join(project, "knock"), { recursive: true });
    writeFileSync(join(project, "knock.json"), '{ "knockDir": "./knock" }');
    for (const command of ["pull", "plan", "push"]) {
      const time = run(project, command);
      if (round >= 0) times[command].push(time);
    }
    for (const [name, ...options] of [["push_all"], ["push_and_commit_all", "-m", "All"]]) {
      renameAll(project, `${name} ${round}`);
      const time = run(project, "push", ...options);
      if (round >= 0) times[name].push(time);
    }
  }
  const result = { workflows: WORKFLOWS, rounds };
  for (const [command, list] of Object.entries(times)) result[`${command}_ms`] = getMedian(list);
  console.log(result);
  saveResult("account", result);
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
