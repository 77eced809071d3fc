import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { PendingTrigger } from "../../../domain/run/batch-continuations.js";
import type { WorkflowRun } from "../../../domain/run/workflow-run.js";
import type { NewWorkflowRun } from "../../../ports/trigger-store.js";
import { stringify } from "../../rows/json-column.js";
import { WORKFLOW_RUNS } from "../../rows/run-row.js";
import { encodeFields, encodeRecord, listColumns, listTypes } from "../../rows/table.js";
import { buildRecords } from "../connection/build-records.js";
import type { Transaction } from "../connection/transaction.js";
import { applyUpserts } from "../recipient/recipients.js";
import type { SharedRows } from "../run/shared-rows.js";

const buildInsert = (time: string): string =>
  `INSERT INTO workflow_runs (version, data, unidentified, fan_out, due_at, claim_token, claim_until, ${listColumns(WORKFLOW_RUNS.fields)}) ` +
  `VALUES ($1, $2, $3, $4, $5, $6, ${time} + $7, ${listColumns(WORKFLOW_RUNS.fields, (_name, _column, index) => `$${index + 8}`)}) ON CONFLICT (id) DO NOTHING RETURNING row`;

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
    version,
    text,
    unidentified.length > 0 ? stringify(unidentified) : null,
    fanOut ? stringify(fanOut.rest) : null,
    fanOut ? fanOut.claim.now : null,
    fanOut ? fanOut.claim.token : null,
    fanOut ? fanOut.claim.leaseMs : null,
    ...encodeFields(WORKFLOW_RUNS.fields, run),
  );
  if (inserted === undefined) return null;
  const { row } = inserted;
  if (fanOut) tx.wake({ kind: "fan_outs", dueAt: fanOut.claim.now, workflowRunRow: row, tenant: run.tenant });
  return row;
}

const INSERT_PENDING = `
  INSERT INTO workflow_runs (row, version, data, fan_out, due_at, ${listColumns(WORKFLOW_RUNS.fields)})
  SELECT nextval('workflow_runs_row_seq'), c.version, c.data, c.fan_out, c.inserted_at, ${listColumns(WORKFLOW_RUNS.fields, (name) => `c.${name}`)}
  FROM ${buildRecords(`version bigint, data text, fan_out text, ${listTypes(WORKFLOW_RUNS.fields)}`)}
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
    version: shared.getVersionRow(version),
    data: stringify(run.data),
    fan_out: stringify(fanOut),
    ...encodeRecord(WORKFLOW_RUNS.fields, run),
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
