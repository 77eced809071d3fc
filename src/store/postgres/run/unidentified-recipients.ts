import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import type { Reader, Transaction } from "../connection/transaction.js";

/** Records recipients without a run that a chunk of a fan-out found. Those of the first chunk are in the row of the trigger. */
export async function insertUnidentified(
  tx: Transaction,
  workflowRun: number,
  recipients: readonly RecipientKey[],
): Promise<void> {
  if (recipients.length === 0) return;
  const insert = "INSERT INTO unidentified_recipients (workflow_run, recipients) VALUES ($1, $2)";
  await tx.run(insert, workflowRun, stringify(recipients));
}

/** Returns the recipients that later chunks recorded, in their order, by the row of the trigger. */
export async function readUnidentified(
  tx: Reader,
  workflowRuns: readonly number[],
): Promise<Map<number, RecipientKey[]>> {
  const rows = await tx.all<{ workflow_run: number; recipients: JsonText<RecipientKey[]> }>(
    "SELECT workflow_run, recipients FROM unidentified_recipients WHERE workflow_run = ANY($1) ORDER BY workflow_run, row",
    workflowRuns,
  );
  const found = new Map<number, RecipientKey[]>();
  for (const { workflow_run, recipients } of rows) {
    const list = found.get(workflow_run) ?? [];
    list.push(...parseJson(recipients));
    found.set(workflow_run, list);
  }
  return found;
}

/** Deletes what belongs to deleted triggers between two rows. */
export async function deleteUnidentified(tx: Transaction, after: number, last: number): Promise<void> {
  await tx.run(
    `DELETE FROM unidentified_recipients u WHERE u.workflow_run > $1 AND u.workflow_run <= $2
     AND NOT EXISTS (SELECT 1 FROM workflow_runs w WHERE w.row = u.workflow_run)`,
    after,
    last,
  );
}
