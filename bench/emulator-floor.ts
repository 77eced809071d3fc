// The least work that answers a trigger durably: Node's server, the body parsed as JSON, the text rendered, and the rows
// of a trigger written in group commits, through the same driver into the same tables with the same indices. Nothing is
// checked, read or delivered. Its argument is a store that contains one trigger, whose rows are copied with the values of
// each request, so that they have the columns and formats of the real ones. emulator.mjs bundles and starts this file.
// Prints its port on standard output.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { renderMarkdown } from "../src/engine/liquid/filters/render-markdown.js";
import { Checkpointer } from "../src/store/sqlite/connection/checkpointer.js";
import type { SqlValue, Statement } from "../src/store/sqlite/connection/driver.js";
import { openSqliteStore } from "../src/store/sqlite/open-sqlite-store.js";
import { createKsuid, systemIds } from "../src/util/ids.js";

/** The tables that a trigger of one in-app step writes to. Each row refers to the row before it. */
const TABLES = ["workflow_runs", "recipient_runs", "messages"];
const REFERENCES = new Set(["workflow_run", "recipient_run"]);
/** The additional turns of the event loop for which a group waits while more writes arrive, as in the store. */
const MAX_EXTRA_TURNS = 3;

/** The texts that differ between the rows of two triggers. */
interface RowTexts {
  workflowRunId: string;
  recipientRunId: string;
  messageId: string;
  recipient: string;
  data: string;
  rendered: string;
}

type ColumnWriter = (texts: RowTexts, now: number, parentRow: number) => SqlValue;

interface RowWriter {
  statement: Statement;
  columns: ColumnWriter[];
}

const names = new Map(Array.from({ length: 100 }, (_none, index) => [`user-${index}`, `User ${index}`]));

/** Renders the template of emulator.mjs as one compiled to JavaScript would. */
function render(recipient: string, page: string): string {
  return renderMarkdown(`**${names.get(recipient)}**, someone wrote on ${page}`);
}

function quote(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Returns a function that writes a text of the sample with the texts of another trigger. */
function createTextWriter(text: string, sample: RowTexts): ColumnWriter {
  const keys = (Object.keys(sample) as (keyof RowTexts)[]).filter((key) => text.includes(sample[key]));
  const [key] = keys;
  if (key === undefined) return () => text;
  const parts = text.split(sample[key]).map((part) => createTextWriter(part, sample));
  return (texts, now, parentRow) => parts.map((write) => write(texts, now, parentRow)).join(texts[key]);
}

function createColumnWriter(name: string, value: SqlValue, sample: RowTexts, sampleTime: number): ColumnWriter {
  if (REFERENCES.has(name)) return (_texts, _now, parentRow) => parentRow;
  if (value === sampleTime) return (_texts, now) => now;
  return typeof value === "string" ? createTextWriter(value, sample) : () => value;
}

const location = process.argv[2] as string;
const { db } = await openSqliteStore(location);
const sampleRows = TABLES.map((table) => db.get<Record<string, SqlValue>>(`SELECT * FROM ${table}`) ?? {});
const [sampleRun = {}, sampleRecipientRun = {}, sampleMessage = {}] = sampleRows;
const sampleData = String(sampleRun.data);
const sampleTexts: RowTexts = {
  workflowRunId: String(sampleRun.id),
  recipientRunId: String(sampleRecipientRun.id),
  messageId: String(sampleMessage.id),
  recipient: String(sampleRecipientRun.recipient),
  data: sampleData,
  rendered: quote(render(String(sampleRecipientRun.recipient).slice("$users/".length), JSON.parse(sampleData).page)),
};
if (!String(sampleMessage.content).includes(sampleTexts.rendered)) throw new Error("the sample contains another text");
const rows: RowWriter[] = TABLES.map((table, index) => {
  const columns = Object.entries(sampleRows[index] ?? {}).filter(([name]) => name !== "row");
  const marks = columns.map(() => "?").join(", ");
  return {
    statement: db.prepare(`INSERT INTO ${table} (${columns.map(([name]) => name).join(", ")}) VALUES (${marks})`),
    columns: columns.map(([name, value]) =>
      createColumnWriter(name, value, sampleTexts, Number(sampleRun.inserted_at)),
    ),
  };
});

function insertRows(texts: RowTexts, now: number): void {
  let parentRow = 0;
  for (const { statement, columns } of rows) {
    const values = columns.map((write) => write(texts, now, parentRow));
    parentRow = Number(statement.run(...values).lastInsertRowid);
  }
}

interface PendingRequest {
  texts: RowTexts;
  response: ServerResponse;
}

let pending: PendingRequest[] = [];
const checkpointer = new Checkpointer(location);

function flushWhenFull(previousCount: number, turnsLeft: number): void {
  const count = pending.length;
  if (count > previousCount && turnsLeft > 0) setImmediate(() => flushWhenFull(count, turnsLeft - 1));
  else flush();
}

function flush(): void {
  const group = pending;
  pending = [];
  db.run("BEGIN IMMEDIATE");
  const now = Date.now();
  for (const { texts } of group) insertRows(texts, now);
  db.run("COMMIT");
  checkpointer.recordCommit();
  for (const { texts, response } of group) {
    const body = JSON.stringify({ workflow_run_id: texts.workflowRunId });
    response.writeHead(200, {
      "x-request-id": texts.workflowRunId,
      "content-type": "application/json; charset=utf-8",
      "content-length": body.length,
    });
    response.end(body);
  }
}

function answer(text: string, response: ServerResponse): void {
  const { recipients, data } = JSON.parse(text) as { recipients: [string]; data: { page: string } };
  const texts: RowTexts = {
    workflowRunId: systemIds.uuid(),
    recipientRunId: systemIds.uuid(),
    messageId: createKsuid(Date.now(), systemIds.ksuidPayload()),
    recipient: `$users/${recipients[0]}`,
    data: JSON.stringify(data),
    rendered: quote(render(recipients[0], data.page)),
  };
  if (pending.push({ texts, response }) === 1) setImmediate(() => flushWhenFull(0, MAX_EXTRA_TURNS));
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => answer(Buffer.concat(chunks).toString(), response));
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
