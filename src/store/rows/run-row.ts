import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { unpackRunEvents } from "./event-codec.js";
import { parseJson } from "./json-column.js";
import { unpackSteps } from "./step-codec.js";

export interface WorkflowRunRow {
  row: number;
  id: string;
  workflow: string;
  version: number;
  actor: string | null;
  tenant: string | null;
  data: string;
  cancellation_key: string | null;
  settings: string;
  trigger_source: string;
  unidentified: string | null;
  inserted_at: number;
  /** 1 if the row is not a run but the origin of a guide's messages. */
  guide: number;
}

/** A workflow run with the other values of its row. */
export interface WorkflowRunRecord {
  row: number;
  run: WorkflowRun;
  version: Workflow;
  unidentified: RecipientKey[];
  isGuide: boolean;
}

/** The columns to select in `FROM workflow_runs`. */
export const WORKFLOW_RUN_COLUMNS =
  "row, id, workflow, version, actor, tenant, data, cancellation_key, settings, trigger_source, unidentified, inserted_at, guide";

/** Returns the workflow run of a row. `version` is the version that the row refers to. */
export function toWorkflowRunRecord(row: WorkflowRunRow, version: Workflow): WorkflowRunRecord {
  return {
    row: row.row,
    version,
    isGuide: row.guide === 1,
    unidentified: parseJson<RecipientKey[]>(row.unidentified) ?? [],
    run: {
      id: row.id,
      workflow: row.workflow,
      version_id: version.version_id,
      actor: row.actor as RecipientKey | null,
      tenant: row.tenant,
      data: JSON.parse(row.data),
      cancellation_key: row.cancellation_key,
      settings: JSON.parse(row.settings),
      trigger_source: JSON.parse(row.trigger_source),
      inserted_at: row.inserted_at,
    },
  };
}

export interface RecipientRunRow {
  row: number;
  id: string;
  workflow_run: number;
  recipient: string;
  status: string;
  due_at: number | null;
  position: string | null;
  data: string | null;
  via: string | null;
  reason: string | null;
  error_count: number;
  inserted_at: number;
  updated_at: number;
  steps: string;
  events: string;
  /** Row of the batch that it holds or continued with; null without a batch. */
  batch: number | null;
  /** Row of its own version; null if it has the version of its workflow run. */
  version: number | null;
}

/** The columns to select in `FROM recipient_runs r`. */
export const RECIPIENT_RUN_COLUMNS =
  "r.row, r.id, r.workflow_run, r.recipient, r.status, r.due_at, r.position, r.data, r.via, r.reason, r.error_count, r.inserted_at, r.updated_at, r.steps, r.events, r.batch, r.version";

export function toRecipientRun(row: RecipientRunRow, workflowRunId: string): RecipientRun {
  return {
    id: row.id,
    workflow_run_id: workflowRunId,
    recipient: row.recipient as RecipientKey,
    status: row.status as RecipientRun["status"],
    position: parseJson(row.position),
    due_at: row.due_at,
    data: parseJson(row.data),
    via: parseJson(row.via),
    steps: unpackSteps(row.steps),
    reason: parseJson(row.reason),
    events: unpackRunEvents(row.events, row.inserted_at),
    error_count: row.error_count,
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  };
}
