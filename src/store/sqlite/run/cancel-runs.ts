import { cancelRun, decideCancelEffect, leaveBatch } from "../../../domain/run/cancel-run.js";
import { canCancelFanOut, cancelFanOut, type FanOutState } from "../../../domain/run/fan-out-state.js";
import { takeOverBatch } from "../../../domain/run/hand-over-batch.js";
import type { CancellationResult, RunCancellation } from "../../../ports/run-cancellation.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import {
  clearWaitingRun,
  findAwaitedBatch,
  findOldestItem,
  findOpenItem,
  type OpenBatchRow,
  removeItem,
  setWaitingRun,
} from "./batches.js";
import { updateRecipientRun } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";
import { deleteWait } from "./waits.js";

/** Selects recipient runs, each with the row of the version that it runs. */
const SELECT = `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id, COALESCE(r.version, w.version) AS runs FROM recipient_runs r CROSS JOIN workflow_runs w ON w.row = r.workflow_run `;

const WHERE_MATCHING =
  "WHERE w.workflow = ? AND w.cancellation_key = ? AND w.settings ->> '$.branch' IS ? AND (? IS NULL OR r.recipient IN (SELECT value FROM json_each(?))) ORDER BY r.row";

type FoundRun = RecipientRunRow & { run_id: string; runs: number };

/**
 * Hands a canceled run's batch to the run with the next activity, which then waits for the close. Without one, no run
 * waits for the close, because nothing is left to close for (EQ-44).
 */
function handOverBatch(db: Connection, shared: SharedRows, batch: OpenBatchRow, at: number): void {
  const next = findOldestItem(db, batch.row);
  if (next === undefined) {
    clearWaitingRun(db, batch.row);
    return;
  }
  const found = db.getOne<FoundRun>(`${SELECT} WHERE r.row = ?`, next);
  const run = takeOverBatch(toRecipientRun(found, found.run_id), shared.readVersion(found.runs), batch.closes_at, at);
  updateRecipientRun(db, run, next);
  setWaitingRun(db, batch.row, next);
}

/**
 * Cancels the runs that the triggers have not begun yet. A process that is about to begin some of them loses the fan-out. Returns
 * the number of triggers.
 */
function cancelFanOuts(
  db: Connection,
  { workflow, cancellation_key, branch = null, recipients }: RunCancellation,
): number {
  const found = db.all<{ row: number; fan_out: JsonText<FanOutState> }>(
    "SELECT row, fan_out FROM workflow_runs WHERE workflow = ? AND cancellation_key = ? AND settings ->> '$.branch' IS ? AND fan_out IS NOT NULL",
    workflow,
    cancellation_key,
    branch,
  );
  const states = found.map(({ row, fan_out }) => ({ row, state: parseJson(fan_out) }));
  const changed = states.filter(({ state }) => canCancelFanOut(state, recipients));
  for (const { row, state } of changed)
    db.run(
      "UPDATE workflow_runs SET fan_out = ?, claim_token = NULL, claim_until = NULL WHERE row = ?",
      stringify(cancelFanOut(state, recipients)),
      row,
    );
  return changed.length;
}

/**
 * Cancels unfinished runs of all triggers with the cancellation key. A worker that holds such a run loses it (E-353 to E-357).
 */
export function cancelRuns(db: Connection, shared: SharedRows, cancellation: RunCancellation): CancellationResult {
  const { workflow, cancellation_key, branch = null, recipients, at } = cancellation;
  const recipientsJson = recipients && stringify(recipients);
  return db.write(() => {
    const unfinishedTriggers = cancelFanOuts(db, cancellation);
    // Runs are read one by one, because the cancellation of one may hand its batch to a run that is canceled after it.
    const rows = db.all<{ row: number }>(
      `SELECT r.row FROM workflow_runs w CROSS JOIN recipient_runs r ON r.workflow_run = w.row ${WHERE_MATCHING}`,
      workflow,
      cancellation_key,
      branch,
      recipientsJson,
      recipientsJson,
    );
    const runs = rows.map(({ row }) => {
      const found = db.getOne<FoundRun>(`${SELECT} WHERE r.row = ?`, row);
      const before = toRecipientRun(found, found.run_id);
      const held = findAwaitedBatch(db, found);
      const item = findOpenItem(db, row);
      const role = { isItem: item !== undefined, waitsForClose: held !== undefined };
      const effect = decideCancelEffect(before, shared.readVersion(found.runs), role);
      if (item !== undefined) removeItem(db, item);
      if (effect === "none") return { recipientRun: before, cancelled: false };
      const recipientRun = effect === "remove_item" ? leaveBatch(before, at) : cancelRun(before, at);
      updateRecipientRun(db, recipientRun, row);
      deleteWait(db, row);
      if (effect === "hand_over" && held !== undefined) handOverBatch(db, shared, held, at);
      return { recipientRun, cancelled: true };
    });
    return { runs, unfinishedTriggers };
  });
}
