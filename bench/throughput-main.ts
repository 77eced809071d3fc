// Measures durable recipient runs per second (synchronous=FULL), from trigger to stored outcome. Each case is compared
// with a floor from the same process: a bare loop that renders the same template and inserts as many run and message
// rows through the same driver. throughput.mjs bundles and runs this file.
import { rmSync } from "node:fs";
import { createDefaultEnvironment } from "../src/domain/environment/environment.js";
import { type RecipientUpsert, toRecipientKey } from "../src/domain/recipient/recipient.js";
import { Translations } from "../src/domain/template/translation.js";
import { parseTrigger } from "../src/domain/trigger/parse-trigger.js";
import { parseWorkflow } from "../src/domain/workflow/parse-workflow.js";
import type { Workflow } from "../src/domain/workflow/workflow.js";
import { createEngine } from "../src/engine/create-engine.js";
import { renderMarkdown } from "../src/engine/liquid/filters/render-markdown.js";
import { createTextCompiler } from "../src/engine/liquid/liquid.js";
import { openDatabase } from "../src/store/sqlite/connection/driver.js";
import { openSqliteStore } from "../src/store/sqlite/open-sqlite-store.js";
import { createKsuid, systemIds } from "../src/util/ids.js";
import type { JsonObject } from "../src/util/json.js";

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
}

async function openBench(file: string) {
  for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
  const store = await openSqliteStore(file);
  const workflows = new Map<string, Workflow>(
    Object.entries(WORKFLOWS).map(([key, steps]) => [key, parseWorkflow(key, { name: key, steps })]),
  );
  const environment = createDefaultEnvironment();
  const engine = createEngine({
    store,
    definitions: {
      workflow: async (key) => workflows.get(key) ?? null,
      workflowKeys: async () => [...workflows.keys()],
      environment: async () => environment,
      audiences: async () => [],
      request: async () => null,
      emailLayout: async () => null,
      partial: async () => null,
      translations: async () => new Translations([]),
    },
    findProvider: () => null,
    httpClient: { fetch: async () => ({ failure: "connection", message: "none in a bench" }) },
    ids: systemIds,
    realNow: Date.now,
    sleep: async () => {},
    random: Math.random,
  });
  return { store, engine };
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

const STEPS = JSON.stringify([{ ref: "in_app_feed_1", outcome: "sent" }]);

async function openFloor(file: string) {
  for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
  const db = await openDatabase(file, { readOnly: false });
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec(
    "CREATE TABLE runs (row INTEGER PRIMARY KEY, recipient TEXT, status TEXT, steps TEXT); CREATE TABLE messages (row INTEGER PRIMARY KEY, id TEXT UNIQUE, run INTEGER, content TEXT)",
  );
  const insertMessage = db.prepare("INSERT INTO messages (id, run, content) VALUES (?, ?, ?)");
  return {
    db,
    run: db.prepare("INSERT INTO runs (recipient, status, steps) VALUES (?, ?, ?)"),
    update: db.prepare("UPDATE runs SET status = ?, steps = ? WHERE row = ?"),
    message(row: number | bigint, template: string, body: string): void {
      const content = JSON.stringify({ blocks: [{ name: "body", content: template, rendered: renderMarkdown(body) }] });
      insertMessage.run(createKsuid(Date.now(), systemIds.ksuidPayload()), Number(row), content);
    },
  };
}

/**
 * Returns the runs per second of the bare loop: the same template, number of rows and driver, with 1,000 recipients per
 * transaction.
 */
async function floor(file: string, recipients: number, messagesEach: number, runWrites: number): Promise<number> {
  const { db, run, update, message } = await openFloor(file);
  const render = createTextCompiler("floor")(TEMPLATE, "template");
  const started = process.hrtime.bigint();
  for (let start = 0; start < recipients; start += CHUNK) {
    db.exec("BEGIN IMMEDIATE");
    for (let i = start; i < Math.min(recipients, start + CHUNK); i++) {
      const { lastInsertRowid } = run.run(`$users/user-${i}`, "completed", STEPS);
      for (let write = 1; write < runWrites; write++) update.run("completed", STEPS, Number(lastInsertRowid));
      for (let m = 0; m < messagesEach; m++) {
        const scope = { actor: { name: "Alan" }, recipient: { name: `User ${i}` }, page: "Home" };
        message(lastInsertRowid, TEMPLATE, render(scope));
      }
    }
    db.exec("COMMIT");
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  db.close();
  return recipients / seconds;
}

/**
 * Returns the same for digests: one transaction per trigger, because each trigger is acknowledged, then one for the
 * digests.
 */
async function digestFloor(file: string, recipients: number): Promise<number> {
  const { db, run, message } = await openFloor(file);
  const render = createTextCompiler("floor")(DIGEST, "template");
  const rows: (number | bigint)[] = [];
  const started = process.hrtime.bigint();
  for (let n = 0; n < TRIGGERS_A_DIGEST; n++) {
    db.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < recipients; i++) rows[i] = run.run(`$users/user-${i}`, "completed", STEPS).lastInsertRowid;
    db.exec("COMMIT");
  }
  const activities = Array.from({ length: TRIGGERS_A_DIGEST }, (_, n) => ({ page: `Page ${n}` }));
  db.exec("BEGIN IMMEDIATE");
  for (const row of rows) message(row, DIGEST, render({ total_activities: activities.length, activities }));
  db.exec("COMMIT");
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  db.close();
  return (recipients * TRIGGERS_A_DIGEST) / seconds;
}

async function timed(work: () => Promise<number>): Promise<{ runs: number; rate: number }> {
  const started = process.hrtime.bigint();
  const runs = await work();
  return { runs, rate: runs / (Number(process.hrtime.bigint() - started) / 1e9) };
}

function trigger(key: string, recipients: string[], data: JsonObject) {
  return parseTrigger({ recipients, actor: "alan", data }, key).trigger;
}

/** Runs the benchmarks that `cases` names: a, b, c and m. */
async function main(folder: string, size: number, cases: string): Promise<void> {
  const rates: Rate[] = [];
  const add = (name: string, { runs, rate }: { runs: number; rate: number }, base: number): void => {
    rates.push({
      case: name,
      recipient_runs: runs,
      per_second: Math.round(rate),
      floor_per_second: Math.round(base),
      of_floor: Number((rate / base).toFixed(2)),
    });
  };

  const { store, engine } = await openBench(`${folder}/engine.db`);
  await identify(store, size);
  // A warm-up before the measurement: templates are compiled, statements are prepared, and the code is optimized.
  await engine.triggerWorkflow(trigger("plain", idsFrom(0, CHUNK), { page: "Warm" }), { idempotency_key: null });
  await floor(`${folder}/floor.db`, CHUNK, 1, 1);

  const triggerAll = async (key: string): Promise<void> => {
    for (let start = 0; start < size; start += CHUNK)
      await engine.triggerWorkflow(trigger(key, idsFrom(start, CHUNK), { page: "Home" }), { idempotency_key: null });
  };
  const moveOn = async (minutes: number): Promise<void> => {
    const now = Date.parse((await engine.readClock()).now);
    await engine.moveClock(now + minutes * 60_000, { force: false });
  };
  const file = `${folder}/floor.db`;

  if (cases.includes("a")) {
    const plain = await timed(async () => {
      await triggerAll("plain");
      return size;
    });
    add("(a) one in-app step", plain, await floor(file, size, 1, 1));
  }
  if (cases.includes("b")) {
    const comment = await timed(async () => {
      await triggerAll("comment");
      await moveOn(31);
      return size;
    });
    add("(b) comment workflow, its delay advanced", comment, await floor(file, size, 2, 2));
  }
  if (cases.includes("c")) {
    const batchRecipients = Math.max(10, Math.round(size / TRIGGERS_A_DIGEST));
    const digest = await timed(async () => {
      for (let n = 0; n < TRIGGERS_A_DIGEST; n++)
        await engine.triggerWorkflow(trigger("digest", idsFrom(0, batchRecipients), { page: `Page ${n}` }), {
          idempotency_key: null,
        });
      await moveOn(10);
      return batchRecipients * TRIGGERS_A_DIGEST;
    });
    add("(c) 100 triggers into one batch a recipient", digest, await digestFloor(file, batchRecipients));
  }
  if (cases.includes("m")) {
    // The same trigger with an empty and with a filled store. The rate of the empty store is this case's floor.
    const some = Math.min(20_000, size);
    const few = () =>
      timed(async () => {
        for (let start = 0; start < some; start += CHUNK)
          await engine.triggerWorkflow(trigger("plain", idsFrom(start, CHUNK), { page: "Home" }), {
            idempotency_key: null,
          });
        return some;
      });
    const first = await few();
    await triggerAll("plain");
    add(`(m) one in-app step, ${size + some} messages later`, await few(), first.rate);
  }
  await engine.close();
  console.log(JSON.stringify({ rates, peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024) }));
}

await main(process.argv[2] as string, Number(process.argv[3]), process.argv[4] ?? "abc");
