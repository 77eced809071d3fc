// Measures what grows with the store, each figure at two sizes, and fails if one exceeds its limit. `node bench/growth.mjs [smaller] [larger]` sets the rows of the two stores (default: 100000 1000000). --save writes
// bench/results/growth.json. Run `npm run build` first, because the start of `knock dev` is measured as built.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain, STORE_EXTERNALS } from "./bundle-main.mjs";
import { saveResult } from "./save-result.mjs";

/** Lists compare the columns of an index one by one, so they grow with the store. Their times are those of the processor. */
const SMALL_LIST_LIMIT_MS = 10;
const LIST_LIMIT_MS = 50;
const FEED_LIMIT_MS = 10;
const BATCH_LIMIT_MS = 6;
const START_LIMIT_MS = 200;
const MEMORY_LIMIT_MB = Number.parseInt(process.versions.node, 10) >= 24 ? 250 : 200;
/** The outcome of a trigger contains each recipient. */
const SUBSCRIBERS_LIMIT_MB = MEMORY_LIMIT_MB + 50;
const MAX_RATIO_OF_MOMENTS = 1.5;
const STARTS = 7;

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [smaller = 100_000, larger = 1_000_000] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const share = larger / 1_000_000;
const folder = mkdtempSync(join(tmpdir(), "knock-growth-"));
const bundle = await bundleMain("growth-main", { external: STORE_EXTERNALS });
const round = (value) => Math.round(value * 100) / 100;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Returns the figures of a part at a size. Its stores are deleted before the next part is measured. */
function measurePart(part, size) {
  const stores = mkdtempSync(join(folder, "stores-"));
  try {
    return JSON.parse(String(execFileSync(process.execPath, [bundle, part, join(stores, "store"), String(size)])));
  } finally {
    rmSync(stores, { recursive: true, force: true });
  }
}

/** Returns the median time until `knock dev` is ready in a project with so many workflows. */
async function measureStart(workflows) {
  const project = mkdtempSync(join(folder, "project-"));
  const write = (file, content) => {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), JSON.stringify(content));
  };
  write("knock.json", { knockDir: "./knock" });
  write("knock/environment.json", { channels: { feed: { type: "in_app_feed" } } });
  const step = { type: "channel", channel_key: "feed", template: { markdown_body: "**{{ recipient.name }}** wrote" } };
  for (let index = 0; index < workflows; index++)
    write(`knock/workflows/workflow-${index}/workflow.json`, { name: `${index}`, steps: [{ ...step, ref: "feed_1" }] });
  const ready = join(project, "ready.json");
  const times = [];
  for (let count = -1; count < STARTS; count++) {
    rmSync(ready, { force: true });
    const start = performance.now();
    const child = spawn(process.execPath, [join(root, "bin/knock.js"), "dev", "--port", "0", "--ready-file", ready], {
      cwd: project,
      stdio: "ignore",
    });
    while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 2));
    if (count >= 0) times.push(performance.now() - start); // the first start fills caches
    child.kill("SIGINT");
    await once(child, "exit");
  }
  return { "knock dev, start to ready": median(times) };
}

const rows = [];
/** Adds the figures that both sizes have, compared with a limit at the larger size. */
function addFigures(sizes, [small, large], { limit = null, smallLimit = null, unit = "ms" } = {}) {
  for (const [figure, value] of Object.entries(large)) {
    const before = small[figure];
    const ratio = value / before;
    const failed = (limit !== null && value > limit) || (smallLimit !== null && before > smallLimit);
    const values = { small: round(before), large: round(value), ratio: round(ratio) };
    rows.push({ figure, sizes: sizes.join(" / "), unit, ...values, limit, ok: !failed });
  }
}

try {
  const lists = [smaller, larger].map((size) => measurePart("lists", size));
  const takePart = (pattern) =>
    lists.map((figures) => Object.fromEntries(Object.entries(figures).filter(([figure]) => pattern.test(figure))));
  addFigures([smaller, larger], takePart(/^(messages|runs) (by|with)/), {
    smallLimit: SMALL_LIST_LIMIT_MS,
    limit: LIST_LIMIT_MS,
  });
  addFigures([smaller / 10, larger / 10], takePart(/^a feed/), { limit: FEED_LIMIT_MS });
  addFigures([smaller, larger], takePart(/^insert/));

  const batches = [1_000, Math.max(1_000, 10_000 * share)];
  addFigures(
    batches,
    batches.map((size) => measurePart("batch", size)),
    { limit: BATCH_LIMIT_MS },
  );

  const counts = [1_000, Math.max(1_000, 10_000 * share)];
  const moments = counts.map((size) => measurePart("moments", size));
  addFigures(counts, moments);
  const [, { "runs due at one moment": one, "runs due at as many moments": many }] = moments;
  const spread = { figure: "as many moments instead of one", sizes: String(counts[1]), unit: "times" };
  const ratio = round(many / one);
  rows.push({ ...spread, ratio, limit: MAX_RATIO_OF_MOMENTS, ok: ratio <= MAX_RATIO_OF_MOMENTS });

  const workflows = [200, Math.max(200, 2_000 * share)];
  const starts = [];
  for (const count of workflows) starts.push(await measureStart(count));
  addFigures(workflows, starts, { limit: START_LIMIT_MS });

  const recipients = [10_000, Math.max(10_000, 100_000 * share)];
  const memory = recipients.map((size) => measurePart("memory", size));
  addFigures(recipients, memory, { limit: MEMORY_LIMIT_MB, unit: "MB" });

  const subscribers = [5_000, Math.max(5_000, 50_000 * share)];
  const outcomes = subscribers.map((size) => measurePart("subscribers", size));
  addFigures(subscribers, outcomes, { limit: SUBSCRIBERS_LIMIT_MB, unit: "MB" });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

console.table(rows);
const failed = rows.filter(({ ok }) => !ok);
for (const { figure, large, ratio, limit } of failed)
  console.log(`failed: ${figure}: ${large ?? ratio} (limit ${limit})`);
saveResult("growth", { rows });
process.exitCode = failed.length > 0 ? 1 : 0;
