// Measures one part of growth.mjs, which bundles and runs this file once for each size. Prints milliseconds by figure as JSON.
import { toRecipientKey } from "../src/domain/recipient/recipient.js";
import { parseTrigger } from "../src/domain/trigger/parse-trigger.js";
import { openSqliteStore } from "../src/store/sqlite/open-sqlite-store.js";
import type { SqliteStore } from "../src/store/sqlite/sqlite-store.js";
import type { JsonObject } from "../src/util/json.js";
import { createBenchEngine } from "./bench-engine.js";
import {
  FEED_CHANNEL,
  type Figures,
  measure,
  measureInserts,
  measureLeast,
  measureLists,
  readCpuMs,
} from "./growth-lists.js";

const FEED_STEP = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: FEED_CHANNEL };
const BATCH_STEP = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };
const DELAY_STEP = { ref: "delay_1", type: "delay", settings: { delay_until_field_path: "data.at" } };
const WORKFLOWS: Record<string, JsonObject[]> = {
  batched: [BATCH_STEP, { ...FEED_STEP, template: { markdown_body: "{{ total_activities }} comments" } }],
  delayed: [DELAY_STEP, { ...FEED_STEP, template: { markdown_body: "Hello {{ recipient.name }}" } }],
};

const MINUTE = 60_000;
const RECIPIENTS_PER_TRIGGER = 1_000;
const ACTORS = 500;

async function identify(store: SqliteStore, ids: readonly string[]): Promise<void> {
  await store.upsertRecipients(
    ids.map((id) => ({ key: toRecipientKey(id), properties: { name: id } })),
    Date.now(),
  );
}

/** Measures the claim of a run whose batch has `size` activities, which reads them and closes the batch. */
async function measureBatch(store: SqliteStore, size: number): Promise<Figures> {
  const engine = createBenchEngine(store, WORKFLOWS);
  await store.deferDiskSync();
  const actors = Array.from({ length: ACTORS }, (_, index) => `actor-${index}`);
  await identify(store, ["ada", ...actors]);
  for (let index = 0; index < size; index++) {
    const actor = actors[index % ACTORS];
    const { trigger } = parseTrigger({ recipients: ["ada"], actor, data: { page: `Page ${index}` } }, "batched");
    await engine.triggerWorkflow(trigger, { idempotency_key: null });
  }
  const now = Date.now() + 10 * MINUTE;
  let lease = Date.now();
  const claim = () => store.claimDueRuns({ now, leaseMs: 0, token: `token-${++lease}` }, 10);
  const [claimed] = await claim();
  if (claimed?.batch?.total_activities !== size) throw new Error("the batch is incomplete");
  return { "closing a batch": await measureLeast(claim, readCpuMs) };
}

/** Measures a move of the clock over `size` runs, due at as many moments and at one. */
async function measureMoments(openNew: () => Promise<SqliteStore>, size: number): Promise<Figures> {
  const figures: Figures = {};
  for (const [name, isSpread] of [
    ["runs due at one moment", false],
    ["runs due at as many moments", true],
  ] as const) {
    const store = await openNew();
    await store.deferDiskSync();
    const engine = createBenchEngine(store, WORKFLOWS);
    const start = Date.now() + 60 * MINUTE;
    const users = Array.from({ length: size }, (_, index) => `user-${index}`);
    await identify(store, users);
    for (const [index, user] of users.entries()) {
      const at = new Date(start + (isSpread ? index : 0)).toISOString();
      const { trigger } = parseTrigger({ recipients: [user], data: { at } }, "delayed");
      await engine.triggerWorkflow(trigger, { idempotency_key: null });
    }
    const move = async () => {
      const { ran } = await engine.moveClock(start + 60 * MINUTE, { force: false });
      if (ran.length !== size) throw new Error(`${ran.length} runs were due instead of ${size}`);
    };
    figures[name] = await measure(move, 1);
    await engine.close();
  }
  return figures;
}

/** Returns the peak memory in MB of a process that triggers a workflow for `size` recipients. */
async function measureMemory(store: SqliteStore, size: number): Promise<Figures> {
  const steps = { plain: [{ ...FEED_STEP, template: { markdown_body: "**{{ recipient.name }}**, see {{ page }}" } }] };
  const engine = createBenchEngine(store, steps);
  for (let first = 0; first < size; first += RECIPIENTS_PER_TRIGGER) {
    const recipients = Array.from({ length: Math.min(RECIPIENTS_PER_TRIGGER, size - first) }, (_, index) => ({
      id: `user-${first + index}`,
      name: `User ${first + index}`,
    }));
    const { trigger } = parseTrigger({ recipients, data: { page: "Home" } }, "plain");
    await engine.triggerWorkflow(trigger, { idempotency_key: null });
  }
  return { "memory in MB": process.resourceUsage().maxRSS / 1024 };
}

/** Returns the peak memory in MB of a process that triggers a workflow once for an object with `size` subscribers. */
async function measureSubscribers(store: SqliteStore, size: number): Promise<Figures> {
  const steps = { plain: [{ ...FEED_STEP, template: { markdown_body: "**{{ recipient.name }}**, see {{ page }}" } }] };
  const engine = createBenchEngine(store, steps);
  const object = toRecipientKey({ collection: "projects", id: "p1" });
  await store.upsertRecipients([{ key: object, properties: { name: "Project" } }], Date.now());
  for (let first = 0; first < size; first += RECIPIENTS_PER_TRIGGER) {
    const count = Math.min(RECIPIENTS_PER_TRIGGER, size - first);
    const users = Array.from({ length: count }, (_, index) => `user-${first + index}`);
    await identify(store, users);
    const pairs = users.map((id) => ({ object, recipient: toRecipientKey(id), properties: {} }));
    await store.upsertSubscriptions(pairs, Date.now());
  }
  const recipients = [{ collection: "projects", id: "p1" }];
  const { trigger } = parseTrigger({ recipients, data: { page: "Home" } }, "plain");
  const outcome = await engine.triggerWorkflow(trigger, { idempotency_key: null });
  if (outcome.summary?.sent !== size + 1) throw new Error(`${outcome.summary?.sent} messages were sent`);
  return { "memory in MB, one trigger to subscribers": process.resourceUsage().maxRSS / 1024 };
}

const PARTS = { batch: measureBatch, memory: measureMemory, subscribers: measureSubscribers };

async function main(part: string, file: string, size: number): Promise<Figures> {
  let files = 0;
  const openNew = () => openSqliteStore(`${file}-${files++}`);
  if (part === "moments") return measureMoments(openNew, size);
  const store = await openNew();
  try {
    if (part === "lists")
      return {
        "insert a run with a message": await measureInserts(store, size),
        ...(await measureLists(store, (work) => measureLeast(work, readCpuMs))),
      };
    return await PARTS[part as keyof typeof PARTS](store, size);
  } finally {
    await store.close();
  }
}

const [part, file, size] = process.argv.slice(2) as [string, string, string];
console.log(JSON.stringify(await main(part, file, Number(size))));
