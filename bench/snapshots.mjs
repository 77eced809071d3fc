// Measures snapshots with the built command: how long the triggers of `knock dev` take at most while `knock store snapshot save`
// copies a store of 1 GB, compared with the same time without it, and how long a scene takes to restore. --save writes
// bench/results/snapshots.json.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COMMAND = join(root, "bin", "knock.js");
const [rows = 680_000, rounds = 5] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const RESTORES = 50;
const TRIGGERS_OF_SCENE = 50;

const folder = mkdtempSync(join(process.env.KNOCK_BENCH_FOLDER ?? tmpdir(), "knock-snapshots-"));
const project = join(folder, "project");
const store = join(project, ".knock-local", "store.db");
const environment = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (value) => Math.round(value * 100) / 100;

function knock(...args) {
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { cwd: project, env: environment });
  if (status !== 0) throw new Error(`knock ${args.join(" ")}: exit ${status}: ${stderr}`);
}

/** Copies the rows of one trigger until the store has about 1 GB. */
function growStore() {
  const binding = { exports: {} };
  process.dlopen(
    binding,
    join(root, "dist", "prebuilds", `${platform()}-${arch()}`, "@photostructure+sqlite.glibc.node"),
  );
  const database = new binding.exports.DatabaseSync(store);
  const count = `WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${rows})`;
  database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = MEMORY; BEGIN");
  database.exec(`${count} INSERT INTO recipients (key, properties, inserted_at, updated_at)
    SELECT '$users/u' || n, json_object('name', 'User ' || n, 'email', 'u' || n || '@example.com'), 1, 1 FROM c`);
  database.exec(`${count} INSERT INTO workflow_runs (id, workflow, version, data, settings, trigger_source, inserted_at)
    SELECT lower(hex(randomblob(16))), workflow, version, data, settings, trigger_source, inserted_at + n
    FROM c, (SELECT * FROM workflow_runs LIMIT 1)`);
  database.exec(`${count} INSERT INTO recipient_runs
      (id, workflow_run, recipient, status, error_count, inserted_at, updated_at, steps, events, version, workflow_name)
    SELECT lower(hex(randomblob(16))), n, '$users/u' || n, 'completed', 0, r.inserted_at + n, r.updated_at + n, r.steps, r.events,
      r.version, r.workflow_name FROM c, (SELECT * FROM recipient_runs LIMIT 1) r`);
  database.exec(`${count} INSERT INTO messages
      (id, recipient_run, recipient, channel, step_ref, status, attempts, inserted_at, updated_at, data, events, content, workflow_name)
    SELECT lower(hex(randomblob(14))), n, '$users/u' || n, m.channel, m.step_ref, m.status, 1, m.inserted_at + n, m.updated_at + n,
      m.data, m.events, m.content, m.workflow_name FROM c, (SELECT * FROM messages LIMIT 1) m`);
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: "Bearer sk_test", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
}

const trigger = (url) => post(`${url}/v1/workflows/welcome/trigger`, { recipients: ["ada"] });

/** Sends triggers one after another until `pending` resolves. Returns the longest one in milliseconds and their number. */
async function triggerWhile(url, pending) {
  let isOver = false;
  pending.then(() => {
    isOver = true;
  });
  let longest = 0;
  let triggers = 0;
  for (; !isOver; triggers++) {
    const start = performance.now();
    await trigger(url);
    longest = Math.max(longest, performance.now() - start);
  }
  return { longest, triggers };
}

async function save() {
  const child = spawn(process.execPath, [COMMAND, "store", "snapshot", "save", "big", "--force"], {
    cwd: project,
    env: environment,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the save ended with ${code}`);
}

async function measureScene(url) {
  const response = await fetch(`${url}/__knock/scenes`, { method: "POST", body: "{}" });
  const { base_url: scene } = await response.json();
  for (let count = 0; count < TRIGGERS_OF_SCENE; count++) await trigger(scene);
  await post(`${scene}/__knock/snapshots`, { name: "prepared" });
  const times = [];
  for (let count = 0; count < RESTORES; count++) {
    await trigger(scene);
    const start = performance.now();
    await post(`${scene}/__knock/snapshots/prepared/restore`, {});
    times.push(performance.now() - start);
  }
  return median(times);
}

let server;
try {
  cpSync(join(root, "fixtures", "collab"), project, { recursive: true });
  knock("notify", "new-comment", "--recipients", "ada,grace", "--actor", "alan", "--set", "page=Home", "--quiet");
  growStore();
  server = spawn(process.execPath, [COMMAND, "dev", "--port", "0", "--ready-file", "ready.json"], {
    cwd: project,
    env: environment,
    stdio: "ignore",
  });
  const ready = join(project, "ready.json");
  while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 50));
  const { url } = JSON.parse(readFileSync(ready, "utf8"));
  await triggerWhile(url, new Promise((resolve) => setTimeout(resolve, 3_000)));
  const measured = { with: [], without: [], seconds: [] };
  for (let count = 0; count < rounds; count++) {
    const start = performance.now();
    measured.with.push(await triggerWhile(url, save()));
    const duration = performance.now() - start;
    measured.seconds.push(duration / 1_000);
    measured.without.push(await triggerWhile(url, new Promise((resolve) => setTimeout(resolve, duration))));
  }
  const longest = (part) => part.map((one) => round(one.longest));
  const result = {
    store_mb: Math.round(statSync(store).size / 1e6),
    rounds,
    save_seconds: round(median(measured.seconds)),
    longest_trigger_ms: { during_save: longest(measured.with), without: longest(measured.without) },
    median_longest_ms: { during_save: median(longest(measured.with)), without: median(longest(measured.without)) },
    triggers_per_second: {
      during_save: Math.round(median(measured.with.map(({ triggers }, at) => triggers / measured.seconds[at]))),
      without: Math.round(median(measured.without.map(({ triggers }, at) => triggers / measured.seconds[at]))),
    },
    scene_restore_ms: round(await measureScene(url)),
  };
  console.log(JSON.stringify(result, null, 2));
  saveResult("snapshots", result);
} finally {
  if (server !== undefined) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}
