import type { Message, MessageEvent } from "../../../domain/message/message.js";
import { buildMessageEvents, buildRunEvents, type OccurredEvent } from "../../../domain/run/occurred-event.js";
import {
  getDueAfterSignal,
  isAwaited,
  isStillWaiting,
  type RunWait,
  type Signal,
} from "../../../domain/run/run-wait.js";
import type { RecipientRun, TriggerSource } from "../../../domain/run/workflow-run.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { toRunWait, type WaitRow } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { createWorkflowRunReader } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

// All functions must run inside a write. An event that a run may wait for adds a signal for the run and makes it due, in the
// transaction of the event. The run's next advance reads its signals.

function setDueAt(db: Connection, recipientRun: number, dueAt: number | null): void {
  db.run("UPDATE recipient_runs SET due_at = ? WHERE row = ?", dueAt, recipientRun);
}

/** Returns whether any run waits for an event. Most stores have none most of the time, and then no event is processed. */
export function hasAnyWait(db: Connection): boolean {
  return db.get("SELECT 1 FROM waits LIMIT 1") !== undefined;
}

export function recordEvents(db: Connection, events: readonly OccurredEvent[], now: number): void {
  if (events.length === 0 || !hasAnyWait(db)) return;
  for (const occurred of events) {
    const { name, recipient, event } = occurred;
    const waiting = db.all<WaitRow & { recipient_run: number; id: string; due_at: number | null }>(
      "SELECT w.recipient_run, w.awaited, w.recipient, w.starts_at, w.ends_at, r.id, r.due_at FROM waits w CROSS JOIN recipient_runs r ON r.row = w.recipient_run WHERE w.awaited = ? AND (w.recipient IS NULL OR w.recipient = ?)",
      name,
      recipient,
    );
    for (const { recipient_run, id, due_at, ...wait } of waiting) {
      if (!isAwaited(toRunWait(wait), occurred)) continue;
      db.run("INSERT INTO signals (recipient_run, event) VALUES (?, ?)", recipient_run, stringify(event));
      setDueAt(db, recipient_run, getDueAfterSignal(due_at, now));
      db.causedWork.addRecipientRun(id);
    }
  }
}

/** Records the events of messages. Builds them only if a run waits, because `changes` may be many. */
export function recordMessageEvents(
  db: Connection,
  changes: readonly { message: Message; events: readonly MessageEvent[] }[],
): void {
  if (changes.length === 0 || !hasAnyWait(db)) return;
  for (const { message, events } of changes)
    recordEvents(db, buildMessageEvents(message, events, readTriggerType(db, message)), message.updated_at);
}

/** Returns the type of the trigger of a message's run; null for a guide's message, which has no run. */
function readTriggerType(db: Connection, { source, workflow_run_id }: Message): TriggerSource["type"] | null {
  if (source === "guide") return null;
  const found = db.get<{ trigger_source: JsonText<TriggerSource> }>(
    "SELECT trigger_source FROM workflow_runs WHERE id = ?",
    workflow_run_id,
  );
  return found === undefined ? "api" : parseJson(found.trigger_source).type;
}

/** Records the events of runs that have just started or that an advance has just changed. */
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

/** Stores a run's wait. Must be the last write of an advance, because a run does not wait for what it did before. */
export function writeWait(db: Connection, row: number, run: RecipientRun, now: number): void {
  const { wait, due_at } = run;
  if (!wait) return;
  if (isStillWaiting(wait)) {
    db.run("DELETE FROM signals WHERE recipient_run = ? AND row <= ?", row, wait.seen);
    // Signals that arrived while the run processed the others are processed next.
    const left = db.get("SELECT 1 FROM signals WHERE recipient_run = ? LIMIT 1", row);
    if (left === undefined) return;
    setDueAt(db, row, getDueAfterSignal(due_at, now));
    db.causedWork.addRecipientRun(run.id);
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

/** Deletes a run's wait and its signals (E-347). */
export function deleteWait(db: Connection, row: number): void {
  if (db.run("DELETE FROM waits WHERE recipient_run = ?", row) > 0)
    db.run("DELETE FROM signals WHERE recipient_run = ?", row);
}

/** Returns what a claimed run waits for, and the signals that have arrived for it. */
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
