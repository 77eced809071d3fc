import { cancelRun, decideCancelEffect, leaveBatch } from "../../../domain/run/cancel-run.js";
import { canCancelFanOut, cancelFanOut, type FanOutState } from "../../../domain/run/fan-out-state.js";
import { takeOverBatch } from "../../../domain/run/hand-over-batch.js";
import type { WorkflowRun } from "../../../domain/run/workflow-run.js";
import type { CancellationResult, CancelledRun, RunCancellation } from "../../../ports/run-cancellation.js";
import { yieldToEventLoop } from "../../../util/event-loop.js";
import { getKnown } from "../../../util/get-known.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { buildJson } from "../connection/sql-filters.js";
import type { Transaction } from "../connection/transaction.js";
import { recordOutboundRuns } from "./outbound-events.js";
import { updateRunRows, wakeRuns } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";
import { deleteWaits, lockWaits } from "./waits.js";

/** Keeps these locks apart from others, where a collision of hashes costs only time. */
const SALT = 0x63616e63;

const getName = (workflow: string, key: string): string => stringify([workflow, key]);

const LOCK_SHARED = `SELECT pg_advisory_xact_lock_shared(hashtextextended(l.name, ${SALT})) FROM unnest($1::text[]) AS l (name)`;

/**
 * Locks the cancellation keys of triggers until the transaction ends, and waits for cancellations with them. A transaction that
 * inserts runs does so before it locks rows that a cancellation locks, so that the two do not wait for each other.
 */
export async function shareCancellationKeys(
  tx: Transaction,
  runs: readonly Pick<WorkflowRun, "workflow" | "cancellation_key">[],
): Promise<void> {
  const names = runs.flatMap(({ workflow, cancellation_key }) =>
    cancellation_key === null ? [] : [getName(workflow, cancellation_key)],
  );
  if (names.length > 0) await tx.all(LOCK_SHARED, [...new Set(names)].sort());
}

/**
 * Locks a cancellation key until the transaction ends, and waits for transactions that insert runs with it. A cancellation whose
 * statement had begun before such a run was committed would miss the run, although others have already seen it.
 */
async function lockCancellationKey(tx: Transaction, workflow: string, key: string): Promise<void> {
  await tx.all(`SELECT pg_advisory_xact_lock(hashtextextended($1, ${SALT}))`, getName(workflow, key));
}

/** A run with the id of its workflow run and the row of the version that it runs. */
type FoundRun = RecipientRunRow & { run_id: string; runs: number };

const SELECT = `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id, COALESCE(r.version, w.version) AS runs FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run`;

/** Locks all runs that match, in order of their rows. */
const SELECT_MATCHING = `${SELECT}
  WHERE w.workflow = $1 AND w.cancellation_key = $2 AND (${buildJson("w.settings")} ->> 'branch') IS NOT DISTINCT FROM $3
    AND ($4::text[] IS NULL OR r.recipient = ANY($4::text[])) ORDER BY r.row FOR NO KEY UPDATE OF r`;

/** The activity of a run in an open batch, and an open batch whose close it waits for. */
interface BatchRole {
  item: { row: number; batch: number } | null;
  awaited: { row: number; closes_at: number } | null;
}

/** Returns the roles of runs in open batches, by their rows, and locks the batches in order of their keys. */
async function lockBatchRoles(tx: Transaction, found: readonly FoundRun[]): Promise<Map<number, BatchRole>> {
  const rows = found.map(({ row }) => row);
  // Only a transaction that has locked the run removes its activity.
  const items = await tx.all<{ row: number; batch: number; run: number }>(
    "SELECT row, batch, recipient_run AS run FROM batch_activities WHERE recipient_run = ANY($1) AND removed = 0",
    rows,
  );
  const roles = new Map<number, BatchRole>();
  const named = new Set([...items, ...found].flatMap(({ batch }) => batch ?? []));
  if (named.size === 0) return roles;
  const batches = await tx.all<{ row: number; closes_at: number; waiting_run: number | null }>(
    "SELECT row, closes_at, waiting_run FROM batches WHERE open = 1 AND row = ANY($1) ORDER BY key FOR NO KEY UPDATE",
    [...named],
  );
  const getRole = (row: number): BatchRole => {
    const role = roles.get(row) ?? { item: null, awaited: null };
    roles.set(row, role);
    return role;
  };
  const open = new Set(batches.map(({ row }) => row));
  for (const { run, ...item } of items) if (open.has(item.batch)) getRole(run).item = item;
  const isAsked = new Set(rows);
  for (const { waiting_run, ...batch } of batches)
    if (waiting_run !== null && isAsked.has(waiting_run)) getRole(waiting_run).awaited = batch;
  return roles;
}

/** So many runs are written by one statement, while the process prepares the next one. */
const RUNS_PER_UPDATE = 2_000;
/** The process cancels so many runs before it reads a response of the database. */
const RUNS_PER_TURN = 100;

/** An update of the activities would write their indexes again. */
const REMOVE_ITEMS = `
  WITH removed AS (DELETE FROM batch_activities WHERE row = ANY($1) RETURNING batch)
  UPDATE batches b SET items = b.items - c.count
  FROM (SELECT batch, count(*) AS count FROM removed GROUP BY batch) c WHERE b.row = c.batch`;

/** Cancels the matching runs of one request. */
class Cancellation {
  private readonly runs: Map<number, FoundRun>;
  readonly cancelledRows: number[] = [];
  /** The canceled runs that are not written yet. */
  private cancelled: { found: FoundRun; result: CancelledRun }[] = [];
  /** The rows of their activities, which are still in their batches. */
  private removedItems: number[] = [];
  private readonly writes: Promise<void>[] = [];

  constructor(
    private readonly tx: Transaction,
    private readonly shared: SharedRows,
    found: readonly FoundRun[],
    private readonly roles: Map<number, BatchRole>,
    private readonly at: number,
  ) {
    this.runs = new Map(found.map((run) => [run.row, run]));
  }

  /** Cancels a run. The cancellation of an earlier one may have handed its batch to it. */
  async cancel(row: number): Promise<CancelledRun> {
    const found = getKnown(this.runs, row);
    const before = toRecipientRun(found, found.run_id);
    const { item = null, awaited = null } = this.roles.get(row) ?? {};
    const role = { isItem: item !== null, waitsForClose: awaited !== null };
    const effect = decideCancelEffect(before, this.shared.version(found.runs), role);
    if (item !== null) this.removedItems.push(item.row);
    if (effect === "none") return { recipientRun: before, cancelled: false };
    const recipientRun = effect === "remove_item" ? leaveBatch(before, this.at) : cancelRun(before, this.at);
    const result = { recipientRun, cancelled: true };
    this.cancelled.push({ found, result });
    this.cancelledRows.push(row);
    if (effect === "hand_over" && awaited !== null) await this.handOverBatch(awaited);
    return result;
  }

  /**
   * Hands a canceled run's batch to the run with the next activity, which then waits for the close. Without one, no run
   * waits for the close, because nothing is left to close for (EQ-44).
   */
  private async handOverBatch(batch: { row: number; closes_at: number }): Promise<void> {
    const { tx, shared, at } = this;
    await this.removeItems();
    const next = await tx.get<{ run: number }>(
      "SELECT recipient_run AS run FROM batch_activities WHERE batch = $1 AND removed = 0 ORDER BY row LIMIT 1",
      batch.row,
    );
    await tx.run("UPDATE batches SET waiting_run = $2 WHERE row = $1", batch.row, next?.run ?? null);
    if (next === undefined) return;
    const found = await tx.get<FoundRun>(`${SELECT} WHERE r.row = $1`, next.run);
    if (found === undefined) return;
    await shared.load(tx, { versions: [found.runs] });
    const run = takeOverBatch(toRecipientRun(found, found.run_id), shared.version(found.runs), batch.closes_at, at);
    await updateRunRows(tx, [{ row: next.run, run, batch: batch.row, version: found.version, revision: null }]);
    wakeRuns(tx, [{ row: next.run, run, workflowRun: found.workflow_run, workflow: null, tenant: null }]);
    if (!this.runs.has(next.run)) return;
    this.runs.set(next.run, await tx.getOne<FoundRun>(`${SELECT} WHERE r.row = $1`, next.run));
    this.roles.set(next.run, { item: this.roles.get(next.run)?.item ?? null, awaited: batch });
  }

  /** Removes activities from their batches. The window and the run that waits for the close stay (E-279, E-280). */
  private async removeItems(): Promise<void> {
    const items = this.removedItems;
    this.removedItems = [];
    if (items.length > 0) await this.tx.run(REMOVE_ITEMS, items);
  }

  /** Begins to write the canceled runs. The process cancels the next ones at the same time. */
  startWrite(): void {
    const write = this.writeRuns(this.cancelled);
    write.catch(() => {}); // thrown by `finish`
    this.writes.push(write);
    this.cancelled = [];
  }

  /** Writes canceled runs. A worker that has read one of them loses it, because its revision changes. */
  private async writeRuns(cancelled: readonly { found: FoundRun; result: CancelledRun }[]): Promise<void> {
    const { tx } = this;
    const updates = cancelled.map(({ found: { row, batch, version }, result }) => ({
      row,
      batch,
      version,
      run: result.recipientRun,
      revision: null,
    }));
    await Promise.all([updateRunRows(tx, updates), this.removeItems()]);
    const changes = cancelled.map(({ found, result }) => ({ before: found, after: result.recipientRun }));
    await recordOutboundRuns(tx, changes);
  }

  /** Writes the runs that are left, and waits until all are written. */
  async finish(): Promise<void> {
    this.startWrite();
    await Promise.all(this.writes);
  }
}

/**
 * Cancels the runs that the triggers have not begun yet. A process that is about to begin some of them loses the fan-out. Returns
 * the number of triggers.
 */
async function cancelFanOuts(
  tx: Transaction,
  { workflow, cancellation_key, branch = null, recipients, at }: RunCancellation,
): Promise<number> {
  const found = await tx.all<{ row: number; fan_out: JsonText<FanOutState>; tenant: string | null }>(
    `SELECT row, fan_out, tenant FROM workflow_runs WHERE workflow = $1 AND cancellation_key = $2
       AND (${buildJson("settings")} ->> 'branch') IS NOT DISTINCT FROM $3 AND fan_out IS NOT NULL ORDER BY row FOR NO KEY UPDATE`,
    workflow,
    cancellation_key,
    branch,
  );
  const states = found.map(({ fan_out, ...rest }) => ({ ...rest, state: parseJson(fan_out) }));
  const changed = states.filter(({ state }) => canCancelFanOut(state, recipients));
  for (const { row, state, tenant } of changed) {
    await tx.run(
      "UPDATE workflow_runs SET fan_out = $2, claim_token = NULL, claim_until = NULL WHERE row = $1",
      row,
      stringify(cancelFanOut(state, recipients)),
    );
    tx.wake({ kind: "fan_outs", dueAt: at, workflowRunRow: row, tenant });
  }
  return changed.length;
}

/**
 * Cancels unfinished runs of all triggers with the cancellation key. A worker that holds such a run loses it (E-353 to E-357).
 */
export function cancelRuns(db: Connection, shared: SharedRows, request: RunCancellation): Promise<CancellationResult> {
  const { workflow, cancellation_key, branch = null, recipients, at } = request;
  return db.write(async (tx) => {
    await lockCancellationKey(tx, workflow, cancellation_key);
    const unfinishedTriggers = await cancelFanOuts(tx, request);
    const found = await tx.all<FoundRun>(SELECT_MATCHING, workflow, cancellation_key, branch, recipients);
    if (found.length === 0) return { runs: [], unfinishedTriggers };
    await shared.load(tx, { versions: found.map(({ runs }) => runs) });
    const roles = await lockBatchRoles(tx, found);
    const cancellation = new Cancellation(tx, shared, found, roles, at);
    const runs: CancelledRun[] = [];
    for (const { row } of found) {
      runs.push(await cancellation.cancel(row));
      if (runs.length % RUNS_PER_UPDATE === 0) cancellation.startWrite();
      // The next statement is sent when the response to the one before has been read.
      if (runs.length % RUNS_PER_TURN === 0) await yieldToEventLoop();
    }
    await cancellation.finish();
    await deleteWaits(tx, await lockWaits(tx, cancellation.cancelledRows));
    return { runs, unfinishedTriggers };
  });
}
