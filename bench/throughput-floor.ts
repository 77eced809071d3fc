// The floors of throughput-main.ts: bare loops that write the rows that the engine wrote in the same run, with the same
// columns and indices, through the same driver. Texts come from functions instead of templates, Markdown from the same
// renderer, and JSON and IDs are created for each row. A floor makes no decisions and checks nothing.
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { renderMarkdown } from "../src/engine/liquid/filters/render-markdown.js";
import { type Database, openDatabase, type SqlValue } from "../src/store/sqlite/connection/driver.js";
import { createKsuid, systemIds } from "../src/util/ids.js";
import { isJsonObject, type Json } from "../src/util/json.js";

type Row = Record<string, SqlValue>;

/** The rows that the engine wrote for one recipient of a workflow. */
export interface SampleRows {
  workflow_run: Row;
  recipient_run: Row;
  messages: Row[];
}

/** The recipients of one transaction of a trigger, and the runs of one transaction of due work. */
const TRIGGER_CHUNK = 1_000;
const DUE_CHUNK = 500;

/** Opens a database with the tables and indices of another one, but without its triggers. */
export async function openFloor(file: string, engineFile: string): Promise<Database> {
  for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
  const engineDb = await openDatabase(engineFile, { readOnly: true });
  const schema = engineDb
    .prepare(
      "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
    )
    .all() as { sql: string }[];
  engineDb.close();
  const db = await openDatabase(file, { readOnly: false });
  // The engine moves its log into the database in another thread. The floor never does, which is faster.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
  for (const { sql } of schema) db.exec(sql);
  return db;
}

/**
 * Reads the newest run of a workflow with its messages from the engine's database, `withMessages` the newest that has
 * messages.
 */
export async function readSampleRows(
  engineFile: string,
  workflow: string,
  { withMessages = false } = {},
): Promise<SampleRows> {
  const db = await openDatabase(engineFile, { readOnly: true });
  try {
    const get = (sql: string, ...values: SqlValue[]) => ({ ...(db.prepare(sql).get(...values) as Row) });
    const recipient_run = get(
      `SELECT r.* FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run WHERE w.workflow = ?
       ${withMessages ? "AND EXISTS (SELECT 1 FROM messages WHERE recipient_run = r.row)" : ""} ORDER BY r.row DESC LIMIT 1`,
      workflow,
    );
    const workflow_run = get("SELECT * FROM workflow_runs WHERE row = ?", recipient_run.workflow_run as number);
    const messages = db
      .prepare("SELECT * FROM messages WHERE recipient_run = ? ORDER BY row")
      .all(recipient_run.row as number) as Row[];
    return { workflow_run, recipient_run, messages };
  } finally {
    db.close();
  }
}

/** Returns a function that inserts a copy of a row with other values in some columns, and returns its row number. */
function createInserter(db: Database, table: string, sample: Row): (changes: Row) => number {
  const columns = Object.keys(sample).filter((name) => name !== "row");
  const insert = db.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  const values = columns.map((name) => sample[name] ?? null);
  const positions = new Map(columns.map((name, index) => [name, index]));
  return (changes) => {
    for (const name in changes) values[positions.get(name) as number] = changes[name] as SqlValue;
    return Number(insert.run(...values).lastInsertRowid);
  };
}

/**
 * Returns a function that writes a sample's JSON with other texts in place of `slots`. It creates the JSON each time, as a
 * program must that has just built the document.
 */
function createJsonWriter(sample: string, slots: readonly string[]): (texts: readonly string[]) => string {
  const document = JSON.parse(sample) as Json;
  const setters: ((texts: readonly string[]) => void)[] = [];
  const visit = (owner: Record<string, Json>): void => {
    for (const [key, value] of Object.entries(owner)) {
      if (typeof value === "string") {
        const slot = slots.findIndex((text) => value.includes(text));
        if (slot < 0) continue;
        const [before = "", after = ""] = value.split(slots[slot] as string, 2);
        setters.push((texts) => {
          owner[key] = before + texts[slot] + after;
        });
      } else if (Array.isArray(value) || isJsonObject(value)) visit(value as Record<string, Json>);
    }
  };
  visit(document as Record<string, Json>);
  return (texts) => {
    for (const set of setters) set(texts);
    return JSON.stringify(document);
  };
}

const getRecipientId = (row: Row): string => String(row.recipient).replace("$users/", "");
const toName = (id: string): string => `User ${id.slice("user-".length)}`;

/** Returns a function that inserts a message like a sample: `render` returns the text of an in-app message. */
function createMessageInserter(db: Database, sample: Row, render: (name: string) => string) {
  const insert = createInserter(db, "messages", sample);
  const id = getRecipientId(sample);
  const rendered = (JSON.parse(String(sample.content)) as { blocks?: { rendered: string }[] }).blocks?.[0]?.rendered;
  const writeContent = createJsonWriter(String(sample.content), rendered === undefined ? [id] : [rendered]);
  const snapshot = sample.recipient_snapshot;
  const writeSnapshot = snapshot === null ? null : createJsonWriter(String(snapshot), [id, toName(id)]);
  return (messageId: string, recipientId: string, run: number): void => {
    const name = toName(recipientId);
    insert({
      id: messageId,
      recipient_run: run,
      recipient: `$users/${recipientId}`,
      content: writeContent([rendered === undefined ? recipientId : render(name)]),
      recipient_snapshot: writeSnapshot === null ? null : writeSnapshot([recipientId, name]),
    });
  };
}

/** Returns a function that writes the steps and events of a run like a sample, for the IDs of its messages. */
function createStateWriter({ recipient_run, messages }: SampleRows): (messageIds: readonly string[]) => Row {
  const slots = messages.map(({ id }) => String(id));
  const writeSteps = createJsonWriter(String(recipient_run.steps), slots);
  const writeEvents = createJsonWriter(String(recipient_run.events), slots);
  return (messageIds) => ({ steps: writeSteps(messageIds), events: writeEvents(messageIds) });
}

function inTransaction(db: Database, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  work();
  db.exec("COMMIT");
}

const createMessageId = (): string => createKsuid(Date.now(), systemIds.ksuidPayload());
const renderComment = (name: string): string =>
  renderMarkdown(`**Alan** commented on Home\n\nHello ${name}, have a look.\n`);

/** Inserts `recipients` runs with their first message, like the sample. */
function insertRuns(db: Database, sample: SampleRows, recipients: number): void {
  const insertWorkflowRun = createInserter(db, "workflow_runs", sample.workflow_run);
  const insertRun = createInserter(db, "recipient_runs", sample.recipient_run);
  const insertMessage = createMessageInserter(db, sample.messages[0] as Row, renderComment);
  const writeState = createStateWriter(sample);
  for (let start = 0; start < recipients; start += TRIGGER_CHUNK)
    inTransaction(db, () => {
      const workflow_run = insertWorkflowRun({ id: randomUUID(), data: JSON.stringify({ page: "Home" }) });
      for (let i = start; i < Math.min(recipients, start + TRIGGER_CHUNK); i++) {
        const messageId = createMessageId();
        const recipient = `$users/user-${i}`;
        const run = insertRun({ id: randomUUID(), workflow_run, recipient, ...writeState([messageId]) });
        insertMessage(messageId, `user-${i}`, run);
      }
    });
}

/** Reads and updates all runs, each with its second message, like the sample of completed runs. */
function completeRuns(db: Database, sample: SampleRows, recipients: number): void {
  const { recipient_run: completed } = sample;
  const select = db.prepare(
    "SELECT row, recipient, steps, events FROM recipient_runs WHERE row > ? ORDER BY row LIMIT ?",
  );
  const update = db.prepare(
    "UPDATE recipient_runs SET status = ?, position = ?, due_at = ?, data = ?, steps = ?, reason = ?, events = ?, error_count = ?, updated_at = ? WHERE row = ?",
  );
  const insertMessage = createMessageInserter(db, sample.messages[1] as Row, renderComment);
  const writeState = createStateWriter(sample);
  for (let last = 0; last < recipients; last += DUE_CHUNK)
    inTransaction(db, () => {
      for (const { row, recipient, steps } of select.all(last, DUE_CHUNK) as Record<string, string>[]) {
        const [first] = JSON.parse(String(steps)) as { message_id: string }[];
        const messageId = createMessageId();
        const state = writeState([String(first?.message_id), messageId]);
        const { status, position, due_at, data, reason, error_count, updated_at } = completed as Record<
          string,
          SqlValue
        >;
        update.run(
          ...([
            status,
            position,
            due_at,
            data,
            state.steps,
            reason,
            state.events,
            error_count,
            updated_at,
          ] as SqlValue[]),
          Number(row),
        );
        insertMessage(messageId, getRecipientId({ recipient: String(recipient) }), Number(row));
      }
    });
}

export interface Cost {
  seconds: number;
  /** Processor time of all threads. */
  cpuSeconds: number;
}

/** Starts a measurement. Returns the function that ends it. */
export function startCost(): () => Cost {
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: Number(process.hrtime.bigint() - started) / 1e9, cpuSeconds: (user + system) / 1e6 };
  };
}

async function measure(file: string, engineFile: string, work: (db: Database) => void): Promise<Cost> {
  const db = await openFloor(file, engineFile);
  const end = startCost();
  work(db);
  const cost = end();
  db.close();
  return cost;
}

export interface FloorFiles {
  floor: string;
  engine: string;
}

/** Returns the cost of the floor of case (a). */
export function measurePlainFloor({ floor, engine }: FloorFiles, sample: SampleRows, recipients: number) {
  return measure(floor, engine, (db) => insertRuns(db, sample, recipients));
}

/** Returns the cost of the floor of case (b), from samples of runs before and after the delay. */
export function measureCommentFloor(
  { floor, engine }: FloorFiles,
  waiting: SampleRows,
  completed: SampleRows,
  recipients: number,
) {
  return measure(floor, engine, (db) => {
    insertRuns(db, waiting, recipients);
    completeRuns(db, completed, recipients);
  });
}

/** The activities that a digest renders. */
const RENDERED_ACTIVITIES = 10;

/** Returns the cost of the floor of case (c): runs, activities and batches, each batch read before its change. */
export function measureDigestFloor(
  { floor, engine }: FloorFiles,
  samples: { joined: SampleRows; completed: SampleRows },
  recipients: number,
  triggers: number,
) {
  const { joined, completed } = samples;
  return measure(floor, engine, (db) => {
    const insertWorkflowRun = createInserter(db, "workflow_runs", joined.workflow_run);
    const insertRun = createInserter(db, "recipient_runs", joined.recipient_run);
    const findBatch = db.prepare("SELECT row, items, waiting_run FROM batches WHERE key = ? AND open = 1");
    const insertBatch = db.prepare(
      "INSERT INTO batches (key, open, opened_at, closes_at, items) VALUES (?, 1, ?, ?, 0)",
    );
    const insertActivity = db.prepare(
      "INSERT INTO batch_activities (batch, recipient_run, actor, data, at) VALUES (?, ?, ?, ?, ?)",
    );
    const updateBatch = db.prepare("UPDATE batches SET items = ?, closes_at = ?, waiting_run = ? WHERE row = ?");
    const writeJoined = createStateWriter(joined);
    const at = Number(joined.recipient_run.inserted_at);
    for (let n = 0; n < triggers; n++)
      inTransaction(db, () => {
        const workflow_run = insertWorkflowRun({ id: randomUUID(), data: JSON.stringify({ page: `Page ${n}` }) });
        for (let i = 0; i < recipients; i++) {
          const key = JSON.stringify(["$users", `user-${i}`, "latest", "digest", "batch_1", null, ""]);
          const found = findBatch.get(key) as Record<"row" | "items" | "waiting_run", number> | undefined;
          const batch = found ?? {
            row: Number(insertBatch.run(key, at, at).lastInsertRowid),
            items: 0,
            waiting_run: null,
          };
          const run = insertRun({ id: randomUUID(), workflow_run, recipient: `$users/user-${i}`, ...writeJoined([]) });
          insertActivity.run(batch.row, run, "$users/alan", "", at);
          updateBatch.run(batch.items + 1, at, batch.waiting_run ?? run, batch.row);
        }
      });

    const selectBatches = db.prepare(
      "SELECT row, items, waiting_run, key FROM batches WHERE row > ? ORDER BY row LIMIT ?",
    );
    const selectActivities = db.prepare(
      `SELECT w.data FROM batch_activities a CROSS JOIN recipient_runs r ON r.row = a.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE a.batch = ? ORDER BY a.row LIMIT ${RENDERED_ACTIVITIES}`,
    );
    const updateRun = db.prepare(
      "UPDATE recipient_runs SET status = ?, steps = ?, events = ?, due_at = ? WHERE row = ?",
    );
    const close = db.prepare("UPDATE batches SET open = 0 WHERE row = ?");
    let text = "";
    const insertMessage = createMessageInserter(db, completed.messages[0] as Row, () => renderMarkdown(text));
    const writeCompleted = createStateWriter(completed);
    for (let last = 0; last < recipients; last += DUE_CHUNK)
      inTransaction(db, () => {
        for (const { row, items, waiting_run, key } of selectBatches.all(last, DUE_CHUNK) as Record<string, number>[]) {
          const activities = selectActivities.all(row as number) as { data: string }[];
          text = `${items} comments${activities.map(({ data }) => `\n- ${(JSON.parse(data) as { page: string }).page}`).join("")}\n`;
          const messageId = createMessageId();
          const state = writeCompleted([messageId]);
          updateRun.run("completed", state.steps as string, state.events as string, null, waiting_run as number);
          insertMessage(messageId, (JSON.parse(String(key)) as string[])[1] as string, waiting_run as number);
          close.run(row as number);
        }
      });
  });
}
