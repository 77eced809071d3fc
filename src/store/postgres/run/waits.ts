import type { Message, MessageEvent } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { buildMessageEvents, type OccurredEvent } from "../../../domain/run/occurred-event.js";
import { isAwaited, type RunWait, type Signal } from "../../../domain/run/run-wait.js";
import type { TriggerSource } from "../../../domain/run/workflow-run.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { toRunWait, type WaitRow } from "../../rows/run-row.js";
import { buildRecords } from "../connection/build-records.js";
import { createConcurrentChangeError, getErrorCode } from "../connection/store-errors.js";
import { type Reader, type Transaction, WAITS_LOCK } from "../connection/transaction.js";
import { getShard } from "./shard.js";

/** SQLSTATE of a lock that was not available in time. */
const LOCK_TIMEOUT = "55P03";

/**
 * Marks the store for good as one in which runs wait, when the first run begins to. Waits for transactions that build no events. If one
 * of them takes longer than a lock may, the transaction is repeated, because others wait behind it.
 */
async function startUsingWaits(tx: Transaction): Promise<void> {
  if (tx.usesWaits) return;
  try {
    await tx.all(`SELECT pg_advisory_xact_lock(${WAITS_LOCK})`);
  } catch (error) {
    throw getErrorCode(error) === LOCK_TIMEOUT ? createConcurrentChangeError() : error;
  }
  await tx.run("UPDATE knock_store SET uses_waits = true");
  tx.usesWaits = true;
}

const LOCK_NAMES = `
  SELECT CASE WHEN l.is_awaited THEN pg_advisory_xact_lock(hashtextextended(l.name, ${WAITS_LOCK}))
    ELSE pg_advisory_xact_lock_shared(hashtextextended(l.name, ${WAITS_LOCK})) END
  FROM unnest($1::text[], $2::boolean[]) AS l (name, is_awaited)`;

/**
 * Locks names of events until the transaction ends, in order: shared by transactions that record such events, exclusively by
 * those in which a run begins to wait for one.
 */
async function lockEventNames(
  tx: Transaction,
  { recorded, awaited }: { recorded: readonly string[]; awaited: readonly string[] },
): Promise<void> {
  const modes = new Map<string, boolean>();
  for (const name of recorded) modes.set(name, false);
  for (const name of awaited) modes.set(name, true);
  const names = [...modes.keys()].sort();
  await tx.all(
    LOCK_NAMES,
    names,
    names.map((name) => String(modes.get(name))),
  );
}

// An event that a run may wait for adds a signal for the run and makes it due, in the transaction of the event. The run's next
// advance reads its signals.

type WaitOfRun = WaitRow & { recipient_run: number };

/** An event with the time at which runs become due by it, and its position among the advances of a transaction. */
export interface EventEntry {
  occurred: OccurredEvent;
  now: number;
  position: number;
}

/** A run that begins to wait. It does not wait for what happened up to its own position. */
export interface BegunWait {
  row: number;
  wait: RunWait;
  position: number;
}

/** Finds and locks the waits that events may end. A wait that another transaction deletes is left out. */
const MATCH = `
  SELECT e.n, w.recipient_run, w.awaited, w.recipient, w.starts_at, w.ends_at
  FROM json_to_recordset($1::json) AS e (n integer, name text, recipient text)
    JOIN waits w ON w.awaited = e.name AND (w.recipient IS NULL OR w.recipient = e.recipient)
  ORDER BY w.recipient_run, e.n FOR KEY SHARE OF w`;

const INSERT_WAITS = `
  INSERT INTO waits (recipient_run, awaited, recipient, starts_at, ends_at)
  SELECT row, awaited, recipient, starts_at, ends_at
  FROM json_to_recordset($1::json) AS c (row bigint, awaited text, recipient text, starts_at bigint, ends_at bigint)`;

const INSERT_SIGNALS = `
  INSERT INTO signals (recipient_run, event) SELECT c.recipient_run, c.event
  FROM ${buildRecords("recipient_run bigint, event text")} ORDER BY c.n`;

/** Makes waiting runs due. A run that is due earlier stays so, and one that has ended stays ended. */
const SET_DUE = `
  UPDATE recipient_runs r SET due_at = LEAST(r.due_at, c.now)
  FROM json_to_recordset($1::json) AS c (row bigint, now bigint)
  WHERE r.row = c.row AND r.due_at IS NOT NULL RETURNING r.id, r.recipient, r.due_at`;

/** Makes runs due from a time on. They are given in order of their rows, in which they are locked. */
async function setDue(tx: Transaction, dueTimes: ReadonlyMap<number, number>): Promise<void> {
  if (dueTimes.size === 0) return;
  const rows = [...dueTimes].map(([row, now]) => ({ row, now })).sort((one, other) => one.row - other.row);
  const woken = await tx.all<{ id: string; recipient: RecipientKey; due_at: number }>(SET_DUE, stringify(rows));
  for (const { id, recipient, due_at } of woken) {
    tx.caused.recipientRunIds.add(id);
    tx.wake({ kind: "runs", dueAt: due_at, shard: getShard(recipient) });
  }
}

/**
 * Records events and begins waits, in the order of their positions. The names of the events are locked, so that an event and
 * the begin of a wait for it happen one after the other, and one of them sees the other.
 */
export async function processEvents(
  tx: Transaction,
  entries: readonly EventEntry[],
  begun: readonly BegunWait[] = [],
): Promise<void> {
  if (begun.length > 0) await startUsingWaits(tx);
  if (!tx.usesWaits || (entries.length === 0 && begun.length === 0)) return;
  await lockEventNames(tx, {
    recorded: entries.map(({ occurred }) => occurred.name),
    awaited: begun.map(({ wait }) => wait.awaited),
  });
  if (begun.length > 0) {
    const rows = begun.map(({ row, wait: { awaited, recipient, from: starts_at, until: ends_at } }) => ({
      row,
      awaited,
      recipient,
      starts_at,
      ends_at,
    }));
    await tx.run(INSERT_WAITS, stringify(rows));
  }
  if (entries.length > 0) await signalRuns(tx, entries, new Map(begun.map(({ row, position }) => [row, position])));
}

async function signalRuns(
  tx: Transaction,
  entries: readonly EventEntry[],
  begunPositions: ReadonlyMap<number, number>,
): Promise<void> {
  const names = entries.map(({ occurred: { name, recipient } }, n) => ({ n, name, recipient }));
  const found = await tx.all<WaitOfRun & { n: number }>(MATCH, stringify(names));
  const matching = found.flatMap(({ n, recipient_run, ...wait }) => {
    const entry = entries[n];
    const isMatch =
      entry !== undefined &&
      isAwaited(toRunWait(wait), entry.occurred) &&
      entry.position > (begunPositions.get(recipient_run) ?? -1);
    return isMatch ? [{ n, recipient_run, entry }] : [];
  });
  if (matching.length === 0) return;
  const signals = [...matching]
    .sort((one, other) => one.n - other.n)
    .map(({ entry, recipient_run }) => ({ recipient_run, event: stringify(entry.occurred.event) }));
  await tx.run(INSERT_SIGNALS, stringify(signals));
  const dueTimes = new Map<number, number>();
  for (const { entry, recipient_run } of matching)
    dueTimes.set(recipient_run, Math.min(dueTimes.get(recipient_run) ?? entry.now, entry.now));
  await setDue(tx, dueTimes);
}

export async function recordEvents(tx: Transaction, events: readonly OccurredEvent[], now: number): Promise<void> {
  if (!tx.usesWaits) return;
  await processEvents(
    tx,
    events.map((occurred) => ({ occurred, now, position: 0 })),
  );
}

/** New events of a message. */
interface MessageChange {
  message: Message;
  events: readonly MessageEvent[];
}

/** Returns the types of the triggers of messages' runs, by the id of the workflow run. */
async function readTriggerTypes(tx: Reader, messages: readonly Message[]): Promise<Map<string, TriggerSource["type"]>> {
  const ids = new Set(messages.map(({ workflow_run_id }) => workflow_run_id));
  const rows = await tx.all<{ id: string; trigger_source: JsonText<TriggerSource> }>(
    "SELECT id, trigger_source FROM workflow_runs WHERE id = ANY($1::text[])",
    [...ids],
  );
  return new Map(rows.map(({ id, trigger_source }) => [id, parseJson(trigger_source).type]));
}

/** Returns the events of messages. A guide's message has no run. */
export async function listMessageEvents(
  tx: Reader,
  changes: readonly MessageChange[],
): Promise<{ occurred: OccurredEvent; message: Message }[]> {
  if (changes.length === 0) return [];
  const types = await readTriggerTypes(
    tx,
    changes.map(({ message }) => message),
  );
  return changes.flatMap(({ message, events }) => {
    const type = message.source === "guide" ? null : (types.get(message.workflow_run_id) ?? "api");
    return buildMessageEvents(message, events, type).map((occurred) => ({ occurred, message }));
  });
}

export async function recordMessageEvents(tx: Transaction, changes: readonly MessageChange[]): Promise<void> {
  if (!tx.usesWaits) return;
  const events = await listMessageEvents(tx, changes);
  await processEvents(
    tx,
    events.map(({ occurred, message }) => ({ occurred, now: message.updated_at, position: 0 })),
  );
}

/** Locks the waits of runs in order of the runs, as events lock them. Returns the rows of the runs that wait. */
export async function lockWaits(tx: Transaction, runRows: readonly number[]): Promise<Set<number>> {
  if (!tx.usesWaits || runRows.length === 0) return new Set();
  const found = await tx.all<{ row: number }>(
    "SELECT recipient_run AS row FROM waits WHERE recipient_run = ANY($1) ORDER BY recipient_run FOR UPDATE",
    runRows,
  );
  return new Set(found.map(({ row }) => row));
}

/** Deletes waits that the transaction has locked, and their signals (E-347). */
export async function deleteWaits(tx: Transaction, runRows: Iterable<number>): Promise<void> {
  const rows = [...runRows];
  if (rows.length === 0) return;
  await tx.run("DELETE FROM waits WHERE recipient_run = ANY($1)", rows);
  await tx.run("DELETE FROM signals WHERE recipient_run = ANY($1)", rows);
}

/** A run that checked events up to the signal `seen`, none of which ended its wait. */
interface ContinuedWait {
  row: number;
  seen: number;
}

/** Keeps runs waiting. Signals that arrived while a run processed the others make it due at once. */
export async function continueWaits(tx: Transaction, waits: readonly ContinuedWait[], now: number): Promise<void> {
  if (waits.length === 0) return;
  await tx.run(
    "DELETE FROM signals s USING json_to_recordset($1::json) AS c (row bigint, seen bigint) WHERE s.recipient_run = c.row AND s.row <= c.seen",
    stringify(waits),
  );
  const left = await tx.all<{ row: number }>(
    "SELECT DISTINCT recipient_run AS row FROM signals WHERE recipient_run = ANY($1)",
    waits.map(({ row }) => row),
  );
  await setDue(tx, new Map(left.map(({ row }) => [row, now])));
}

/** Returns what claimed runs wait for, and the signals that have arrived for them, by the runs' rows. */
export async function readWaits(
  tx: Reader,
  runRows: readonly number[],
): Promise<Map<number, { wait: RunWait; signals: Signal[] }>> {
  const waits = await tx.all<WaitOfRun>(
    "SELECT recipient_run, awaited, recipient, starts_at, ends_at FROM waits WHERE recipient_run = ANY($1)",
    runRows,
  );
  const found = new Map<number, { wait: RunWait; signals: Signal[] }>(
    waits.map((row) => [row.recipient_run, { wait: toRunWait(row), signals: [] }]),
  );
  if (found.size === 0) return found;
  const signals = await tx.all<{ row: number; recipient_run: number; event: string }>(
    "SELECT row, recipient_run, event FROM signals WHERE recipient_run = ANY($1) ORDER BY row",
    [...found.keys()],
  );
  for (const { row: id, recipient_run, event } of signals)
    found.get(recipient_run)?.signals.push({ id, event: JSON.parse(event) });
  return found;
}
