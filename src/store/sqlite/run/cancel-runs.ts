import { cancelRun, decideCancel } from "../../../domain/run/cancel-run.js";
import { takeOverBatch } from "../../../domain/run/hand-over-batch.js";
import type { CancelledRun, RunCancellation } from "../../../ports/run-cancellation.js";
import type { Connection } from "../connection/connection.js";
import { dropHolder, heldBatch, type OpenBatch, oldestItem, openItem, removeItem, setHolder } from "./batches.js";
import {
  changesOf,
  RECIPIENT_RUN_CHANGES,
  RECIPIENT_RUN_COLUMNS,
  type RecipientRunRow,
  recipientRunOf,
} from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";
import { dropWait } from "./waits.js";

/** Rows with the version each runs. */
const SELECT = `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id, COALESCE(r.version, w.version) AS runs FROM workflow_runs w CROSS JOIN recipient_runs r ON r.workflow_run = w.row `;

const MATCHING =
  "WHERE w.workflow = ? AND w.cancellation_key = ? AND w.settings ->> '$.branch' IS ? AND (? IS NULL OR r.recipient IN (SELECT value FROM json_each(?))) ORDER BY r.row";

type FoundRun = RecipientRunRow & { run_id: string; runs: number };

/** The next item's run waits for the close in place of the one that was cancelled; without one, nothing is left to close for (EQ-44). */
function handOver(db: Connection, shared: SharedRows, batch: OpenBatch, at: number): void {
  const next = oldestItem(db, batch.row);
  if (next === undefined) {
    dropHolder(db, batch.row);
    return;
  }
  const found = db.get<FoundRun>(`${SELECT} WHERE r.row = ?`, next) as FoundRun;
  const run = takeOverBatch(recipientRunOf(found, found.run_id), shared.version(found.runs), batch.closes_at, at);
  db.run(`UPDATE recipient_runs SET ${RECIPIENT_RUN_CHANGES} WHERE row = ?`, ...changesOf(run), next);
  setHolder(db, batch.row, next);
}

/** Cancels what has not ended, across all triggers with the key (E-353 to E-357); a worker that holds such a run loses it. */
export function cancelRuns(
  db: Connection,
  shared: SharedRows,
  { workflow, cancellation_key, branch = null, recipients, at }: RunCancellation,
): CancelledRun[] {
  const only = recipients && JSON.stringify(recipients);
  return db.write(() => {
    const update = db.statement(`UPDATE recipient_runs SET ${RECIPIENT_RUN_CHANGES} WHERE row = ?`);
    // One by one: the cancellation of a run may hand its batch to one that is cancelled after it.
    const rows = db.all<{ row: number }>(
      `SELECT r.row FROM workflow_runs w CROSS JOIN recipient_runs r ON r.workflow_run = w.row ${MATCHING}`,
      workflow,
      cancellation_key,
      branch,
      only,
      only,
    );
    return rows.map(({ row }) => {
      const found = db.get<FoundRun>(`${SELECT} WHERE r.row = ?`, row) as FoundRun;
      const before = recipientRunOf(found, found.run_id);
      const held = heldBatch(db, found);
      const item = openItem(db, row);
      const role = { isItem: item !== undefined, isHolder: held !== undefined };
      const effect = decideCancel(before, shared.version(found.runs), role);
      if (item !== undefined) removeItem(db, item);
      if (effect === "none" || effect === "remove_item")
        return { recipientRun: before, cancelled: effect === "remove_item" };
      const recipientRun = cancelRun(before, at);
      update.run(...changesOf(recipientRun), row);
      dropWait(db, row);
      if (effect === "hand_over" && held !== undefined) handOver(db, shared, held, at);
      return { recipientRun, cancelled: true };
    });
  });
}
