// Measures `knock why` for an object with many subscribers, as whole processes: time, CPU time and memory. --save writes
// bench/results/why.json.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveResult } from "./save-result.mjs";

const root = join(import.meta.dirname, "..");
const COMMAND = join(root, "bin/knock.js");
const [subscribers = 100_000, rounds = 5] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const USERS_PER_FILE = 20_000;
/** Every 20th user has turned the workflow off. */
const OPTED_OUT = { preferences: { default: { categories: { collab: false } } } };

const folder = mkdtempSync(join(tmpdir(), "knock-why-"));
const project = join(folder, "project");
const meterFile = join(folder, "meter.json");
const meter = join(folder, "meter.cjs");
writeFileSync(
  meter,
  `process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    require("node:fs").writeFileSync(${JSON.stringify(meterFile)}, JSON.stringify([maxRSS / 1024, (userCPUTime + systemCPUTime) / 1e6])); });`,
);
cpSync(join(root, "fixtures/collab"), project, { recursive: true });
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;

/** Runs a command. Returns its seconds, CPU seconds and megabytes. */
function knock(...args) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--require", meter, COMMAND, ...args], {
    cwd: project,
    env: { ...environment, XDG_CACHE_HOME: join(folder, "cache") },
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`knock ${args.join(" ")}: exit ${status}: ${stderr}`);
  const [megabytes, cpu] = JSON.parse(readFileSync(meterFile, "utf8"));
  return { seconds: (performance.now() - startedAt) / 1_000, cpu, megabytes };
}

const object = { collection: "projects", id: "large" };
const recipients = join(project, "knock/recipients");
for (let start = 0; start < subscribers; start += USERS_PER_FILE) {
  const users = Array.from({ length: Math.min(USERS_PER_FILE, subscribers - start) }, (_unused, index) => {
    const id = `user-${start + index}`;
    return { id, email: `${id}@example.com`, ...(index % 20 === 0 ? OPTED_OUT : {}) };
  });
  const subscriptions = users.map(({ id }) => ({ object, recipient: id }));
  const document = { users, objects: [{ ...object, name: "Large" }], subscriptions };
  writeFileSync(join(recipients, `subscribers-${start}.json`), JSON.stringify(document));
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
try {
  knock("users", "list", "--limit", "1"); // fills the store, which keeps the recipients of removed files
  for (const name of readdirSync(recipients)) if (name.startsWith("subscribers-")) rmSync(join(recipients, name));
  const results = Array.from({ length: rounds + 1 }, () =>
    knock("why", "new-comment", "projects/large", "--set", "page=Home"),
  );
  const measured = results.slice(1); // the first one fills the code cache
  const row = Object.fromEntries(
    ["seconds", "cpu", "megabytes"].map((name) => [name, Number(median(measured.map((one) => one[name])).toFixed(2))]),
  );
  console.table([row]);
  saveResult("why", { subscribers, rounds, ...row });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
