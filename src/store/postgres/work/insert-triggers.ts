import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { PendingTrigger } from "../../../domain/run/batch-continuations.js";
import type { WorkflowRun } from "../../../domain/run/workflow-run.js";
import type { NewWorkflowRun } from "../../../ports/trigger-store.js";
import { stringify } from "../../rows/json-column.js";
import type { Transaction } from "../connection/transaction.js";
import { applyUpserts } from "../recipient/recipients.js";
import type { SharedRows } from "../run/shared-rows.js";

const buildInsert = (time: string): string =>
  "INSERT INTO workflow_runs (id, workflow, version, actor, tenant, data, cancellation_key, settings, trigger_source, unidentified, inserted_at, fan_out, due_at, claim_token, claim_until) " +
  `VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, ${time} + $15) ON CONFLICT (id) DO NOTHING RETURNING row`;

interface NewWorkflowRunRow {
  run: WorkflowRun;
  version: number;
  /** The run's data as JSON. */
  text: string;
  unidentified: readonly RecipientKey[];
  fanOut: NewWorkflowRun["fanOut"];
}

/** Inserts the row of a trigger and returns its key, or null if it exists. */
export async function insertWorkflowRunRow(
  tx: Transaction,
  { run, version, text, unidentified, fanOut }: NewWorkflowRunRow,
): Promise<number | null> {
  const inserted = await tx.get<{ row: number }>(
    buildInsert(tx.time),
    run.id,
    run.workflow,
    version,
    run.actor,
    run.tenant,
    text,
    run.cancellation_key,
    stringify(run.settings),
    stringify(run.trigger_source),
    unidentified.length > 0 ? stringify(unidentified) : null,
    run.inserted_at,
    fanOut ? stringify(fanOut.rest) : null,
    fanOut ? fanOut.claim.now : null,
    fanOut ? fanOut.claim.token : null,
    fanOut ? fanOut.claim.leaseMs : null,
  );
  if (inserted === undefined) return null;
  const { row } = inserted;
  if (fanOut) tx.wake({ kind: "fan_outs", dueAt: fanOut.claim.now, workflowRunRow: row, tenant: run.tenant });
  return row;
}

const INSERT_PENDING = `
  INSERT INTO workflow_runs (row, id, workflow, version, actor, tenant, data, cancellation_key, settings, trigger_source, inserted_at, fan_out, due_at)
  SELECT nextval('workflow_runs_row_seq'), c.id, c.workflow, c.version, c.actor, c.tenant, c.data, c.cancellation_key, c.settings, c.trigger_source,
    c.inserted_at, c.fan_out, c.inserted_at
  FROM ROWS FROM (json_to_recordset($1::json) AS (id text, workflow text, version bigint, actor text, tenant text, data text, cancellation_key text,
    settings text, trigger_source text, inserted_at bigint, fan_out text))
    WITH ORDINALITY AS c (id, workflow, version, actor, tenant, data, cancellation_key, settings, trigger_source, inserted_at, fan_out, n)
  ORDER BY c.n RETURNING row, id, inserted_at, tenant`;

/** Inserts the triggers of steps, whose fan-outs are due at once. Their versions are inserted before the transaction. */
export async function insertTriggers(
  tx: Transaction,
  shared: SharedRows,
  triggers: readonly PendingTrigger[],
): Promise<void> {
  if (triggers.length === 0) return;
  for (const { run, upserts } of triggers) await applyUpserts(tx, upserts, run.inserted_at);
  const rows = triggers.map(({ run, version, fanOut }) => ({
    id: run.id,
    workflow: run.workflow,
    version: shared.getVersionRow(version),
    actor: run.actor,
    tenant: run.tenant,
    data: stringify(run.data),
    cancellation_key: run.cancellation_key,
    settings: stringify(run.settings),
    trigger_source: stringify(run.trigger_source),
    inserted_at: run.inserted_at,
    fan_out: stringify(fanOut),
  }));
  const inserted = await tx.all<{ row: number; id: string; inserted_at: number; tenant: string | null }>(
    INSERT_PENDING,
    stringify(rows),
  );
  for (const { row, id, inserted_at, tenant } of inserted) {
    tx.caused.workflowRunIds.add(id);
    tx.wake({ kind: "fan_outs", dueAt: inserted_at, workflowRunRow: row, tenant });
  }
}
