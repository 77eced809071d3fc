import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type {
  BatchContinuations,
  BatchDecision,
  Continuation,
  PendingTrigger,
} from "../../../domain/run/batch-continuations.js";
import type { WorkflowRun } from "../../../domain/run/workflow-run.js";
import type { Workflow } from "../../../domain/workflow/workflow.js";
import type { FrequencyRecord, IdempotencyRecord, InsertResult, NewWorkflowRun } from "../../../ports/trigger-store.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";
import { createConcurrentChangeError } from "../connection/store-errors.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { applyUpserts } from "../recipient/recipients.js";
import { shareCancellationKeys } from "../run/cancel-runs.js";
import type { SharedRows } from "../run/shared-rows.js";
import { useAssumedSlots } from "../run/throttle-slots.js";
import { insertRecipientRuns } from "./insert-recipient-runs.js";
import { insertTriggers, insertWorkflowRunRow } from "./insert-triggers.js";

/** Rows that may be inserted with runs. For a run at a batch step, the store picks one of the continuations. */
interface PossibleRuns {
  messages: readonly Message[];
  triggers: readonly PendingTrigger[];
  batches: Iterable<BatchContinuations | null>;
  versions?: readonly Workflow[];
}

/** Yields every continuation that a run at a batch step may have. */
function* listContinuations(batch: BatchContinuations): Generator<Continuation> {
  const { immediate, waiting, halted } = batch;
  yield waiting;
  yield halted;
  if (immediate === null) return;
  yield immediate;
  if (immediate.batch) yield* listContinuations(immediate.batch);
}

/**
 * Inserts the shared rows that any outcome of a transaction may refer to. Must run outside of a transaction. Returns the runs of
 * the triggers, whose cancellation keys the transaction locks.
 */
export async function insertPossibleRows(
  db: Connection,
  shared: SharedRows,
  { messages, triggers, batches, versions = [] }: PossibleRuns,
): Promise<WorkflowRun[]> {
  const allMessages = [...messages];
  const allTriggers = [...triggers];
  for (const batch of batches) {
    if (batch === null) continue;
    for (const continuation of listContinuations(batch)) {
      allMessages.push(...continuation.messages);
      allTriggers.push(...continuation.triggers);
    }
  }
  await shared.insert(db, {
    versions: [...versions, ...allTriggers.map(({ version }) => version)],
    messages: allMessages,
  });
  return allTriggers.map(({ run }) => run);
}

/** Inserts the shared rows of triggers, as {@link insertPossibleRows} does. */
export async function insertSharedRows(
  db: Connection,
  shared: SharedRows,
  runs: readonly NewWorkflowRun[],
): Promise<WorkflowRun[]> {
  const possibleRuns: WorkflowRun[] = [];
  for (const { run, version, messages, triggers, batches } of runs) {
    const rows = { messages, triggers, batches: batches.values(), versions: [version] };
    possibleRuns.push(run, ...(await insertPossibleRows(db, shared, rows)));
  }
  return possibleRuns;
}

const SELECT_IDEMPOTENCY =
  "SELECT key, fingerprint, workflow_run_id, inserted_at FROM idempotency_keys WHERE key = $1 AND inserted_at >= $2";

export async function readIdempotencyRecord(tx: Reader, key: string, since: number): Promise<IdempotencyRecord | null> {
  return (await tx.get<IdempotencyRecord>(SELECT_IDEMPOTENCY, key, since)) ?? null;
}

/** Takes a key unless a newer record has it. A transaction that takes the same key at the same time is waited for. */
const TAKE_KEY = `
  INSERT INTO idempotency_keys AS k (key, fingerprint, workflow_run_id, inserted_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, workflow_run_id = excluded.workflow_run_id,
    inserted_at = excluded.inserted_at WHERE k.inserted_at < $5`;

const FREQUENCY_RECORDS = "json_to_recordset($1::json) AS c (workflow text, recipient text, tenant text)";

export async function selectAlreadyTriggered(
  tx: Reader,
  frequencyRecords: readonly FrequencyRecord[],
): Promise<RecipientKey[]> {
  if (frequencyRecords.length === 0) return [];
  const used = await tx.all<{ recipient: RecipientKey }>(
    `SELECT DISTINCT f.recipient FROM frequency_claims f JOIN ${FREQUENCY_RECORDS} ON f.workflow = c.workflow AND f.recipient = c.recipient AND f.tenant = c.tenant`,
    stringify(frequencyRecords),
  );
  const isUsed = new Set(used.map(({ recipient }) => recipient));
  return [...new Set(frequencyRecords.map(({ recipient }) => recipient))].filter((recipient) => isUsed.has(recipient));
}

/**
 * Inserts the records of once-only workflows. A trigger may list the same record twice. If another transaction has inserted one
 * since they were read, the transaction is repeated, and finds it.
 */
export async function insertFrequencyRecords(
  tx: Transaction,
  frequencyRecords: readonly FrequencyRecord[],
): Promise<void> {
  if (frequencyRecords.length === 0) return;
  const distinct = new Map(
    frequencyRecords.map(({ workflow, recipient, tenant }) => [
      stringify([workflow, recipient, tenant]),
      { workflow, recipient, tenant },
    ]),
  );
  const inOrder = [...distinct].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, record]) => record);
  const inserted = await tx.run(
    `INSERT INTO frequency_claims (workflow, recipient, tenant) SELECT workflow, recipient, tenant FROM ${FREQUENCY_RECORDS} ON CONFLICT DO NOTHING`,
    stringify(inOrder),
  );
  if (inserted < inOrder.length) throw createConcurrentChangeError();
}

/**
 * Inserts a trigger with all its rows, each written once, in one transaction. Inserts nothing if another process was first
 * (E-383, EQ-13).
 */
export async function insertWorkflowRun(
  db: Connection,
  shared: SharedRows,
  newRun: NewWorkflowRun,
  idempotentSince: number,
): Promise<InsertResult> {
  const runs = await insertSharedRows(db, shared, [newRun]);
  return db.write(async (tx): Promise<InsertResult> => {
    await shareCancellationKeys(tx, runs);
    const result = await writeWorkflowRun(tx, shared, newRun, idempotentSince);
    return result.outcome === "inserted" ? { ...result, caused: tx.getCausedWork() } : result;
  });
}

type WrittenWorkflowRun =
  | { outcome: "inserted"; batchDecisions: Map<string, BatchDecision> }
  | Exclude<InsertResult, { outcome: "inserted" }>;

/** Inserts a trigger as `insertWorkflowRun` does, as a part of another write. */
export async function writeWorkflowRun(
  tx: Transaction,
  shared: SharedRows,
  newRun: NewWorkflowRun,
  idempotentSince: number,
): Promise<WrittenWorkflowRun> {
  const { run, version, frequencyRecords, idempotency, unidentified } = newRun;
  // Records and slots of the run itself would otherwise look like those of another.
  const hasClaims = idempotency !== null || frequencyRecords.length > 0 || newRun.throttles.length > 0;
  if (hasClaims && (await tx.get("SELECT 1 AS found FROM workflow_runs WHERE id = $1", run.id)) !== undefined)
    return { outcome: "repeated" };
  const record = idempotency && (await readIdempotencyRecord(tx, idempotency.key, idempotentSince));
  if (record) return { outcome: "replay", record };
  const alreadyTriggered = await selectAlreadyTriggered(tx, frequencyRecords);
  if (alreadyTriggered.length > 0 || !(await useAssumedSlots(tx, newRun.throttles, run.inserted_at)))
    return { outcome: "already_triggered", recipients: alreadyTriggered };

  const text = stringify(run.data);
  const row = await insertWorkflowRunRow(tx, {
    run,
    version: shared.getVersionRow(version),
    text,
    unidentified,
    fanOut: newRun.fanOut,
  });
  if (row === null) return { outcome: "repeated" };
  if (idempotency) {
    const { key, fingerprint, workflow_run_id, inserted_at } = idempotency;
    const taken = await tx.run(TAKE_KEY, key, fingerprint, workflow_run_id, inserted_at, idempotentSince);
    if (taken === 0) throw createConcurrentChangeError();
  }
  await insertFrequencyRecords(tx, frequencyRecords);
  await applyUpserts(tx, newRun.upserts, run.inserted_at);
  const trigger = { row, run, value: run.data, text };
  const decided = await insertRecipientRuns(tx, shared, newRun, trigger, run.inserted_at);
  await insertTriggers(tx, shared, newRun.triggers);
  return { outcome: "inserted", batchDecisions: decided };
}
