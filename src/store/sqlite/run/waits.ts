import type { Message, MessageEvent } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { buildMessageEvents, buildRunEvents, type OccurredEvent } from "../../../domain/run/occurred-event.js";
import {
  getDueAfterSignal,
  isAwaited,
  isStillWaiting,
  type RunWait,
  type Signal,
} from "../../../domain/run/run-wait.js";
import type { RecipientRun, TriggerSource } from "../../../domain/run/workflow-run.js";
import type { Connection } from "../connection/connection.js";
import { createWorkflowRunReader } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

// All of this is for use inside a write. An event that a run may wait for puts a signal beside the run and makes it due,
// in the transaction in which it happens; the run's next advance looks at its signals.

interface WaitRow {
  awaited: string;
  recipient: string | null;
  starts_at: number;
  ends_at: number;
}

function toRunWait({ awaited, recipient, starts_at: from, ends_at: until }: WaitRow): RunWait {
  return { awaited, recipient: recipient as RecipientKey | null, from, until, seen: null };
}

function setDueAt(db: Connection, recipientRun: number, dueAt: number | null): void {
  db.run("UPDATE recipient_runs SET due_at = ? WHERE row = ?", dueAt, recipientRun);
}

/** Most stores hold no wait most of the time: then nothing that happens is even looked at. */
export function hasAnyWait(db: Connection): boolean {
  return db.get("SELECT 1 FROM waits LIMIT 1") !== undefined;
}

export function recordEvents(db: Connection, events: readonly OccurredEvent[], now: number): void {
  if (events.length === 0 || !hasAnyWait(db)) return;
  for (const occurred of events) {
    const { name, recipient, event } = occurred;
    const waiting = db.all<WaitRow & { recipient_run: number; due_at: number | null }>(
      "SELECT w.recipient_run, w.awaited, w.recipient, w.starts_at, w.ends_at, r.due_at FROM waits w CROSS JOIN recipient_runs r ON r.row = w.recipient_run WHERE w.awaited = ? AND (w.recipient IS NULL OR w.recipient = ?)",
      name,
      recipient,
    );
    for (const { recipient_run, due_at, ...wait } of waiting) {
      if (!isAwaited(toRunWait(wait), occurred)) continue;
      db.run("INSERT INTO signals (recipient_run, event) VALUES (?, ?)", recipient_run, JSON.stringify(event));
      setDueAt(db, recipient_run, getDueAfterSignal(due_at, now));
    }
  }
}

/** Made only where somebody waits: `made` may be many. */
export function recordMessageEvents(
  db: Connection,
  changes: readonly { message: Message; events: readonly MessageEvent[] }[],
): void {
  if (changes.length === 0 || !hasAnyWait(db)) return;
  for (const { message, events } of changes)
    recordEvents(db, buildMessageEvents(message, events, readTriggerType(db, message)), message.updated_at);
}

/** Null for a guide's message: it has no run. */
function readTriggerType(db: Connection, { source, workflow_run_id }: Message): TriggerSource["type"] | null {
  if (source === "guide") return null;
  const found = db.get<{ trigger_source: string }>(
    "SELECT trigger_source FROM workflow_runs WHERE id = ?",
    workflow_run_id,
  );
  return found === undefined ? "api" : (JSON.parse(found.trigger_source) as TriggerSource).type;
}

/** Runs that have just started, or that an advance has brought to where they stand. */
export function recordRunEvents(
  db: Connection,
  shared: SharedRows,
  runs: readonly { workflowRun: number; recipientRun: RecipientRun; started: boolean }[],
  now: number,
): void {
  if (runs.length === 0 || !hasAnyWait(db)) return;
  const read = createWorkflowRunReader(db, shared);
  const events = runs.flatMap(({ workflowRun, recipientRun, started }) =>
    buildRunEvents(read(workflowRun).run, recipientRun, { started }),
  );
  recordEvents(db, events, now);
}

/** Last of what an advance writes: what its run did before it began to wait is nothing that it waits for. */
export function writeWait(db: Connection, row: number, run: RecipientRun, now: number): void {
  const { wait, due_at } = run;
  if (!wait) return;
  if (isStillWaiting(wait)) {
    db.run("DELETE FROM signals WHERE recipient_run = ? AND row <= ?", row, wait.seen);
    // What came in while the run looked at the others is looked at next.
    const left = db.get("SELECT 1 FROM signals WHERE recipient_run = ? LIMIT 1", row);
    if (left !== undefined) setDueAt(db, row, getDueAfterSignal(due_at, now));
    return;
  }
  db.run(
    "INSERT INTO waits (recipient_run, awaited, recipient, starts_at, ends_at) VALUES (?, ?, ?, ?, ?)",
    row,
    wait.awaited,
    wait.recipient,
    wait.from,
    wait.until,
  );
}

/** The run waits for no event any more (E-347). */
export function deleteWait(db: Connection, row: number): void {
  if (db.run("DELETE FROM waits WHERE recipient_run = ?", row) > 0)
    db.run("DELETE FROM signals WHERE recipient_run = ?", row);
}

/** What a claimed run waits for, and what has come in for it. */
export function readWait(db: Connection, row: number): { wait: RunWait | null; signals: Signal[] } {
  const found = db.get<WaitRow>(
    "SELECT awaited, recipient, starts_at, ends_at FROM waits WHERE recipient_run = ?",
    row,
  );
  if (found === undefined) return { wait: null, signals: [] };
  const signals = db
    .all<{ row: number; event: string }>("SELECT row, event FROM signals WHERE recipient_run = ? ORDER BY row", row)
    .map(({ row: id, event }): Signal => ({ id, event: JSON.parse(event) }));
  return { wait: toRunWait(found), signals };
}
