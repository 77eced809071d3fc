import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { BatchContinuations, BatchDecision, PendingTrigger } from "../../../domain/run/batch-continuations.js";
import type { RecipientRun, WorkflowRun } from "../../../domain/run/workflow-run.js";
import type { FrequencyRecord, IdempotencyRecord, InsertResult, NewWorkflowRun } from "../../../ports/trigger-store.js";
import { getKnown } from "../../../util/get-known.js";
import { stringify } from "../../rows/json-column.js";
import { RECIPIENT_RUNS, type TriggerData, WORKFLOW_RUNS } from "../../rows/run-row.js";
import { encodeFields, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import { createMessageInserter } from "../message/message-rows.js";
import { applyUpserts } from "../recipient/recipients.js";
import { decideBatchFromRows, writeBatchChanges } from "../run/batches.js";
import type { SharedRows } from "../run/shared-rows.js";
import { useAssumedSlots } from "../run/throttle-slots.js";
import { hasAnyWait, recordMessageEvents, recordRunEvents, writeWait } from "../run/waits.js";

const INSERT_RUN =
  `INSERT INTO workflow_runs (${listColumns(WORKFLOW_RUNS.fields)}, version, data, unidentified, fan_out, due_at, claim_token, claim_until) ` +
  `VALUES (${listColumns(WORKFLOW_RUNS.fields, () => "?")}, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_RECIPIENT_RUN = `INSERT INTO recipient_runs (workflow_run, workflow_name, tenant_name, ${listColumns(RECIPIENT_RUNS.fields)}) VALUES (?, ?, ?, ${listColumns(RECIPIENT_RUNS.fields, () => "?")})`;

function selectIdempotencyRecord(db: Connection, key: string, since: number): IdempotencyRecord | null {
  const row = db.get<IdempotencyRecord>(
    "SELECT key, fingerprint, workflow_run_id, inserted_at FROM idempotency_keys WHERE key = ? AND inserted_at >= ?",
    key,
    since,
  );
  return row ? { ...row } : null;
}

export function readIdempotencyRecord(db: Connection, key: string, since: number): IdempotencyRecord | null {
  return db.runSingle(() => selectIdempotencyRecord(db, key, since));
}

export function selectAlreadyTriggered(db: Connection, frequencyRecords: readonly FrequencyRecord[]): RecipientKey[] {
  const select = db.prepare("SELECT 1 FROM frequency_claims WHERE workflow = ? AND recipient = ? AND tenant = ?");
  const usedRecords = frequencyRecords.filter(
    ({ workflow, recipient, tenant }) => select.get(workflow, recipient, tenant) !== undefined,
  );
  return [...new Set(usedRecords.map(({ recipient }) => recipient))];
}

export function readAlreadyTriggered(db: Connection, frequencyRecords: readonly FrequencyRecord[]): RecipientKey[] {
  return db.read(() => selectAlreadyTriggered(db, frequencyRecords));
}

function insertWorkflowRunRow(
  db: Connection,
  run: WorkflowRun,
  version: number,
  dataText: string,
  unidentified: readonly RecipientKey[],
  fanOut: NewWorkflowRun["fanOut"],
): number {
  return db.insert(
    INSERT_RUN,
    ...encodeFields(WORKFLOW_RUNS.fields, run),
    version,
    dataText,
    unidentified.length > 0 ? stringify(unidentified) : null,
    fanOut ? stringify(fanOut.rest) : null,
    fanOut ? fanOut.claim.now : null,
    fanOut ? fanOut.claim.token : null,
    fanOut ? db.realNow() + fanOut.claim.leaseMs : null,
  );
}

/** Runs with their messages. For a run at a batch step, the continuation that applies is inserted (E-247, E-248). */
interface RunsToInsert {
  recipientRuns: readonly RecipientRun[];
  messages: readonly Message[];
  batches: ReadonlyMap<string, BatchContinuations>;
}

/**
 * Inserts recipient runs and returns the batch decisions by run id. `trigger` is the workflow run's row and its data, which
 * messages share. Must run inside a write.
 */
export function insertRecipientRuns(
  db: Connection,
  shared: SharedRows,
  { recipientRuns, messages, batches }: RunsToInsert,
  trigger: TriggerData & { row: number; workflow: string; tenant: string | null },
  now: number,
): Map<string, BatchDecision> {
  const rows = new Map<string, number>();
  const decided = new Map<string, BatchDecision>();
  const allMessages = [...messages];
  const insertedRuns: RecipientRun[] = [];
  const insert = db.prepare(INSERT_RECIPIENT_RUN);
  const [workflowName, tenantName] = [shared.upsertName(trigger.workflow), shared.upsertName(trigger.tenant)];
  for (const candidate of recipientRuns) {
    const join = batches.get(candidate.id);
    const batch = join ? decideBatchFromRows(db, join, now) : null;
    const run = batch ? batch.continuation.recipientRun : candidate;
    const { lastInsertRowid } = insert.run(
      trigger.row,
      workflowName,
      tenantName,
      ...encodeFields(RECIPIENT_RUNS.fields, run),
    );
    const row = Number(lastInsertRowid);
    rows.set(run.id, row);
    insertedRuns.push(run);
    if (batch === null) continue;
    writeBatchChanges(db, batch.changes, row, trigger, now);
    decided.set(run.id, batch.decision);
    allMessages.push(...batch.continuation.messages);
    applyUpserts(db, batch.continuation.upserts, now);
    insertTriggers(db, shared, batch.continuation.triggers);
  }
  const insertMessage = createMessageInserter(db, shared);
  for (const message of allMessages) insertMessage(message, getKnown(rows, message.recipient_run_id), trigger);
  if (hasAnyWait(db)) {
    recordMessageEvents(
      db,
      allMessages.map((message) => ({ message, events: message.events })),
    );
    recordRunEvents(
      db,
      shared,
      insertedRuns.map((recipientRun) => ({ workflowRun: trigger.row, recipientRun, started: true })),
      now,
    );
  }
  for (const run of insertedRuns) if (run.wait) writeWait(db, getKnown(rows, run.id), run, now);
  return decided;
}

/** Inserts the triggers of steps, whose fan-outs are due at once. Must run inside a write. */
export function insertTriggers(db: Connection, shared: SharedRows, triggers: readonly PendingTrigger[]): void {
  for (const { run, version, fanOut, upserts } of triggers) {
    applyUpserts(db, upserts, run.inserted_at);
    const row = insertWorkflowRunRow(db, run, shared.upsertVersion(version), stringify(run.data), [], null);
    db.run("UPDATE workflow_runs SET fan_out = ?, due_at = ? WHERE row = ?", stringify(fanOut), run.inserted_at, row);
    db.causedWork.addWorkflowRun(run.id);
  }
}

export function insertFrequencyRecords(db: Connection, frequencyRecords: readonly FrequencyRecord[]): void {
  // A trigger may list the same record twice, so duplicates are ignored.
  const insert = db.prepare("INSERT OR IGNORE INTO frequency_claims (workflow, recipient, tenant) VALUES (?, ?, ?)");
  for (const { workflow, recipient, tenant } of frequencyRecords) insert.run(workflow, recipient, tenant);
}

type WrittenWorkflowRun =
  | { outcome: "inserted"; batchDecisions: Map<string, BatchDecision> }
  | Exclude<InsertResult, { outcome: "inserted" }>;

/**
 * Inserts a trigger with all its rows, each written once, in one transaction. Inserts nothing if another process was first
 * (E-383, EQ-13).
 */
export function insertWorkflowRun(
  db: Connection,
  shared: SharedRows,
  newRun: NewWorkflowRun,
  idempotentSince: number,
): InsertResult {
  return db.write(() => applyWorkflowRun(db, shared, newRun, idempotentSince));
}

/** Inserts a trigger as `insertWorkflowRun` does. Must run inside a write. */
export function applyWorkflowRun(
  db: Connection,
  shared: SharedRows,
  newRun: NewWorkflowRun,
  idempotentSince: number,
): InsertResult {
  const { result, caused } = db.causedWork.collect(() => writeWorkflowRun(db, shared, newRun, idempotentSince));
  return result.outcome === "inserted"
    ? { outcome: "inserted", batchDecisions: result.batchDecisions, caused }
    : result;
}

/**
 * Inserts a trigger as `insertWorkflowRun` does, as a part of another write, which reports the work that it made due. Must run
 * inside a write.
 */
export function writeWorkflowRun(
  db: Connection,
  shared: SharedRows,
  newRun: NewWorkflowRun,
  idempotentSince: number,
): WrittenWorkflowRun {
  const { run, version, frequencyRecords, idempotency, unidentified } = newRun;
  if (db.get("SELECT 1 FROM workflow_runs WHERE id = ?", run.id) !== undefined) return { outcome: "repeated" };
  const record = idempotency && selectIdempotencyRecord(db, idempotency.key, idempotentSince);
  if (record) return { outcome: "replay", record };
  const alreadyTriggered = selectAlreadyTriggered(db, frequencyRecords);
  if (alreadyTriggered.length > 0 || !useAssumedSlots(db, newRun.throttles, run.inserted_at))
    return { outcome: "already_triggered", recipients: alreadyTriggered };

  const text = stringify(run.data);
  const row = insertWorkflowRunRow(db, run, shared.upsertVersion(version), text, unidentified, newRun.fanOut);
  applyUpserts(db, newRun.upserts, run.inserted_at);
  const { workflow, tenant } = run;
  const trigger = { row, value: run.data, text, workflow, tenant };
  const decided = insertRecipientRuns(db, shared, newRun, trigger, run.inserted_at);
  insertFrequencyRecords(db, frequencyRecords);
  insertTriggers(db, shared, newRun.triggers);
  if (idempotency) {
    const { key, fingerprint, workflow_run_id, inserted_at } = idempotency;
    db.run(
      "INSERT OR REPLACE INTO idempotency_keys (key, fingerprint, workflow_run_id, inserted_at) VALUES (?, ?, ?, ?)",
      key,
      fingerprint,
      workflow_run_id,
      inserted_at,
    );
  }
  return { outcome: "inserted", batchDecisions: decided };
}
