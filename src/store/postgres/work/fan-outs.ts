import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { WorkflowRun } from "../../../domain/run/workflow-run.js";
import type { CausedWork, Claim } from "../../../ports/due-store.js";
import type { ChunkResult, ClaimedFanOut, FanOutChunk, FanOutSplit } from "../../../ports/fan-out-store.js";
import { stringify } from "../../rows/json-column.js";
import { toWorkflowRunRecord, WORKFLOW_RUNS, type WorkflowRunRow } from "../../rows/run-row.js";
import { selectColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import { applyUpserts } from "../recipient/recipients.js";
import { shareCancellationKeys } from "../run/cancel-runs.js";
import type { SharedRows } from "../run/shared-rows.js";
import { useAssumedSlots } from "../run/throttle-slots.js";
import { insertUnidentified } from "../run/unidentified-recipients.js";
import { hasDueWork, leaseDueRows } from "./due-rows.js";
import { insertRecipientRuns } from "./insert-recipient-runs.js";
import { insertTriggers } from "./insert-triggers.js";
import { insertFrequencyRecords, insertPossibleRows, selectAlreadyTriggered } from "./insert-workflow-run.js";

export async function readRecipientsWithRun(
  db: Connection,
  workflowRunId: string,
  recipients: readonly RecipientKey[],
): Promise<Set<RecipientKey>> {
  if (recipients.length === 0) return new Set();
  const rows = await db.all<{ recipient: RecipientKey }>(
    "SELECT recipient FROM recipient_runs WHERE workflow_run = (SELECT row FROM workflow_runs WHERE id = $1) AND recipient = ANY($2::text[])",
    workflowRunId,
    recipients,
  );
  return new Set(rows.map(({ recipient }) => recipient));
}

const COLUMNS = selectColumns(WORKFLOW_RUNS, "t", ["due_at"]);

export async function claimDueFanOuts(
  db: Connection,
  shared: SharedRows,
  claim: Claim,
  limit: number,
): Promise<ClaimedFanOut[]> {
  if (!(await hasDueWork(db, "workflow_runs", claim))) return [];
  type FanOutRow = WorkflowRunRow & { fan_out: string };
  return db.write(async (tx) => {
    const { deathsAlone } = db;
    const rows = await leaseDueRows<FanOutRow>(tx, "workflow_runs", claim, { limit, columns: COLUMNS, deathsAlone });
    await shared.load(tx, { versions: rows.map(({ version }) => version) });
    return rows.map((row): ClaimedFanOut => {
      const { run, version } = toWorkflowRunRecord(row, shared.version(row.version));
      return { run, version, fanOut: JSON.parse(row.fan_out) };
    });
  });
}

export async function splitFanOut(
  db: Connection,
  shared: SharedRows,
  { workflow_run_id, tenant, rest, triggers, upserts }: FanOutSplit,
  token: string,
  at: number,
): Promise<CausedWork | null> {
  const runs = await insertPossibleRows(db, shared, { messages: [], triggers, batches: [] });
  return db.write(async (tx) => {
    await shareCancellationKeys(tx, runs);
    const end = rest === null ? ", due_at = NULL, claim_token = NULL, claim_until = NULL" : "";
    const changes = await tx.run(
      `UPDATE workflow_runs SET tenant = $1, fan_out = $2${end} WHERE id = $3 AND claim_token = $4`,
      tenant,
      rest === null ? null : stringify(rest),
      workflow_run_id,
      token,
    );
    if (changes === 0) return null;
    await applyUpserts(tx, upserts, at);
    await insertTriggers(tx, shared, triggers);
    return tx.getCausedWork();
  });
}

/**
 * Inserts the next recipients and the progress of the fan-out in one transaction, so that a crash neither repeats nor omits a
 * recipient.
 */
export async function insertFanOutChunk(
  db: Connection,
  shared: SharedRows,
  chunk: FanOutChunk,
  token: string,
  leaseMs: number | null,
): Promise<ChunkResult> {
  const { messages, triggers, batches } = chunk;
  const runs = await insertPossibleRows(db, shared, { messages, triggers, batches: batches.values() });
  return db.write(async (tx): Promise<ChunkResult> => {
    // A cancellation locks the key before the row.
    const own = await tx.get<Pick<WorkflowRun, "workflow" | "cancellation_key">>(
      "SELECT workflow, cancellation_key FROM workflow_runs WHERE id = $1",
      chunk.workflow_run_id,
    );
    await shareCancellationKeys(tx, own === undefined ? runs : [own, ...runs]);
    const held = await tx.get<WorkflowRunRow & { fan_out: string | null }>(
      `SELECT ${COLUMNS} FROM workflow_runs t WHERE t.id = $1 AND t.claim_token = $2 FOR NO KEY UPDATE`,
      chunk.workflow_run_id,
      token,
    );
    if (held === undefined) return { outcome: "lost" };
    if (chunk.rest !== null && held.fan_out === stringify(chunk.rest)) return { outcome: "repeated" };
    const alreadyTriggered = await selectAlreadyTriggered(tx, chunk.frequencyRecords);
    if (alreadyTriggered.length > 0 || !(await useAssumedSlots(tx, chunk.throttles, chunk.at)))
      return { outcome: "already_triggered", recipients: alreadyTriggered };

    await insertFrequencyRecords(tx, chunk.frequencyRecords);
    await applyUpserts(tx, chunk.upserts, chunk.at);
    await shared.load(tx, { versions: [held.version] });
    const { run } = toWorkflowRunRecord(held, shared.version(held.version));
    const trigger = { row: held.row, run, value: null, text: held.data };
    const batchDecisions = await insertRecipientRuns(tx, shared, chunk, trigger, chunk.at);
    await insertTriggers(tx, shared, chunk.triggers);
    await insertUnidentified(tx, held.row, chunk.unidentified);
    const isHeld = chunk.rest !== null && leaseMs !== null;
    await tx.run(
      `UPDATE workflow_runs SET fan_out = $2, due_at = CASE WHEN $2::text IS NULL THEN NULL ELSE due_at END,
         claim_token = $3, claim_until = ${tx.time} + $4 WHERE row = $1`,
      held.row,
      chunk.rest === null ? null : stringify(chunk.rest),
      isHeld ? token : null,
      isHeld ? leaseMs : null,
    );
    if (chunk.rest !== null)
      tx.wake({ kind: "fan_outs", dueAt: chunk.at, workflowRunRow: held.row, tenant: run.tenant });
    return { outcome: "inserted", batchDecisions, caused: tx.getCausedWork() };
  });
}
