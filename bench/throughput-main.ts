// Measures durable recipient runs per second (synchronous=FULL), from trigger to stored outcome. Each case is compared
// with a floor from the same process, which writes the same rows (throughput-floor.ts). throughput.mjs bundles and runs
// this file.
import { rmSync } from "node:fs";
import { type RecipientUpsert, toRecipientKey } from "../src/domain/recipient/recipient.js";
import { parseTrigger } from "../src/domain/trigger/parse-trigger.js";
import { openSqliteStore } from "../src/store/sqlite/open-sqlite-store.js";
import type { JsonObject } from "../src/util/json.js";
import { createBenchEngine } from "./bench-engine.js";
import {
  type Cost,
  type FloorFiles,
  measureCommentFloor,
  measureDigestFloor,
  measurePlainFloor,
  readSampleRows,
  startCost,
} from "./throughput-floor.js";

const TEMPLATE = "**{{ actor.name }}** commented on {{ page }}\n\nHello {{ recipient.name }}, have a look.\n";
const DIGEST = "{{ total_activities }} comments{% for a in activities %}\n- {{ a.page }}{% endfor %}\n";
const TRIGGERS_A_DIGEST = 100;
const CHUNK = 1_000;

const feed = {
  ref: "in_app_feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "in-app-feed",
  template: { markdown_body: TEMPLATE },
};
const email = {
  ref: "email_1",
  type: "channel",
  channel_type: "email",
  channel_key: "mail",
  conditions: {
    all: [{ variable: "refs.in_app_feed_1.engagement_status", operator: "not_contains", argument: "$message.seen" }],
  },
  template: {
    subject: "{{ actor.name }} commented",
    settings: { layout_key: "default" },
    html_body: "<p>{{ actor.name }} commented on {{ page }}</p>",
  },
};
const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 30 } } };
const batch = {
  ref: "batch_1",
  type: "batch",
  settings: { batch_window: { unit: "minutes", value: 5 }, workflow_version_mode: "latest" },
};

const WORKFLOWS: Record<string, JsonObject[]> = {
  plain: [feed],
  comment: [feed, delay, email] as unknown as JsonObject[],
  digest: [batch, { ...feed, template: { markdown_body: DIGEST } }],
};

interface Rate {
  case: string;
  recipient_runs: number;
  per_second: number;
  floor_per_second: number;
  of_floor: number;
  /** Microseconds of processor time per recipient run, which other processes affect less than the rates. */
  cpu_us: number;
  floor_cpu_us: number;
}

async function openBench(file: string) {
  for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
  const store = await openSqliteStore(file);
  return { store, engine: createBenchEngine(store, WORKFLOWS) };
}

async function identify(store: Awaited<ReturnType<typeof openSqliteStore>>, count: number): Promise<void> {
  for (let start = 0; start < count; start += CHUNK) {
    const upserts = Array.from({ length: Math.min(CHUNK, count - start) }, (_, i): RecipientUpsert => {
      const id = `user-${start + i}`;
      return {
        key: toRecipientKey(id),
        properties: { name: `User ${start + i}`, email: `${id}@example.com`, timezone: "Europe/Paris" },
      };
    });
    await store.upsertRecipients(
      [...upserts, { key: toRecipientKey("alan"), properties: { name: "Alan" } }],
      Date.now(),
    );
  }
}

const idsFrom = (start: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `user-${start + i}`);

/** Measures the time and the processor time of `work`. */
async function measureCost(work: () => Promise<void>): Promise<Cost> {
  const started = startCost();
  await work();
  return started();
}

const addCosts = (first: Cost, second: Cost): Cost => ({
  seconds: first.seconds + second.seconds,
  cpuSeconds: first.cpuSeconds + second.cpuSeconds,
});

function trigger(key: string, recipients: string[], data: JsonObject) {
  return parseTrigger({ recipients, actor: "alan", data }, key).trigger;
}

/** Runs the benchmarks that `cases` names: a, b, c and m. */
async function main(folder: string, size: number, cases: string): Promise<void> {
  const rates: Rate[] = [];
  const add = (name: string, runs: number, cost: Cost, floor: Cost): void => {
    const toMicroseconds = (seconds: number): number => Number(((seconds / runs) * 1e6).toFixed(1));
    rates.push({
      case: name,
      recipient_runs: runs,
      per_second: Math.round(runs / cost.seconds),
      floor_per_second: Math.round(runs / floor.seconds),
      of_floor: Number((floor.seconds / cost.seconds).toFixed(2)),
      cpu_us: toMicroseconds(cost.cpuSeconds),
      floor_cpu_us: toMicroseconds(floor.cpuSeconds),
    });
  };

  const files: FloorFiles = { floor: `${folder}/floor.db`, engine: `${folder}/engine.db` };
  const { store, engine } = await openBench(files.engine);
  await identify(store, size);
  // A warm-up before the measurement: templates are compiled, statements are prepared, and the code is optimized.
  await engine.triggerWorkflow(trigger("plain", idsFrom(0, CHUNK), { page: "Warm" }), { idempotency_key: null });
  await measurePlainFloor(files, await readSampleRows(files.engine, "plain"), CHUNK);

  const triggerAll = async (key: string, count: number): Promise<void> => {
    for (let start = 0; start < count; start += CHUNK)
      await engine.triggerWorkflow(trigger(key, idsFrom(start, CHUNK), { page: "Home" }), { idempotency_key: null });
  };
  const moveOn = async (minutes: number): Promise<void> => {
    const now = Date.parse((await engine.readClock()).now);
    await engine.moveClock(now + minutes * 60_000, { force: false });
  };
  if (cases.includes("a")) {
    const cost = await measureCost(() => triggerAll("plain", size));
    const sample = await readSampleRows(files.engine, "plain");
    add("(a) one in-app step", size, cost, await measurePlainFloor(files, sample, size));
  }
  if (cases.includes("b")) {
    const triggered = await measureCost(() => triggerAll("comment", size));
    const waiting = await readSampleRows(files.engine, "comment");
    const advanced = await measureCost(() => moveOn(31));
    const completed = await readSampleRows(files.engine, "comment");
    const floor = await measureCommentFloor(files, waiting, completed, size);
    add("(b) comment workflow, its delay advanced", size, addCosts(triggered, advanced), floor);
  }
  if (cases.includes("c")) {
    const recipients = Math.max(10, Math.round(size / TRIGGERS_A_DIGEST));
    const cost = await measureCost(async () => {
      for (let n = 0; n < TRIGGERS_A_DIGEST; n++)
        await engine.triggerWorkflow(trigger("digest", idsFrom(0, recipients), { page: `Page ${n}` }), {
          idempotency_key: null,
        });
      await moveOn(10);
    });
    const joined = await readSampleRows(files.engine, "digest");
    const completed = await readSampleRows(files.engine, "digest", { withMessages: true });
    const floor = await measureDigestFloor(files, { joined, completed }, recipients, TRIGGERS_A_DIGEST);
    add("(c) 100 triggers into one batch a recipient", recipients * TRIGGERS_A_DIGEST, cost, floor);
  }
  if (cases.includes("m")) {
    // The same trigger with an empty and with a filled store. The rate of the empty store is this case's floor.
    const some = Math.min(20_000, size);
    const first = await measureCost(() => triggerAll("plain", some));
    await triggerAll("plain", size);
    const later = await measureCost(() => triggerAll("plain", some));
    add(`(m) one in-app step, ${size + some} messages later`, some, later, first);
  }
  await engine.close();
  console.log(JSON.stringify({ rates, peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024) }));
}

await main(process.argv[2] as string, Number(process.argv[3]), process.argv[4] ?? "abc");
