import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { Subscription } from "../recipient/subscription.js";
import type { Workflow } from "../workflow/workflow.js";
import type { Reason, StepOutcome } from "./outcome.js";
import type { RunStatus } from "./run-status.js";
import type { RunWait } from "./run-wait.js";

/** The origin of a workflow run (E-010). */
export interface TriggerSource {
  type: "api" | "audience" | "schedule" | "broadcast" | "workflow_step" | "integration" | "rehearsal";
  audience_key?: string;
  schedule_id?: string;
  /** The ID of the workflow run that this one repeats, for a rerun. Not a field of the API. */
  rerun_of?: string;
  /**
   * The length of the chain of triggers by steps that led to this run, including triggers by an audience that a step
   * changed. Not a field of the API.
   */
  depth?: number;
  /** The ID of the broadcast's first run, for its additional runs, one per tenant. Not a field of the API. */
  of?: string;
}

export interface RunSettings {
  sandbox_mode: boolean;
  skip_delay: boolean;
  /**
   * The branch whose definitions the run uses, also for triggers by its steps; absent for the main files. Not a
   * field of the API.
   */
  branch?: string;
}

/**
 * A trigger, with everything that its recipient runs share. `data` is the data of the request without the
 * `$trigger_data` of recipients.
 */
export interface WorkflowRun {
  /** A UUID v4 (E-001). */
  id: string;
  workflow: string;
  /**
   * The version of the definition that it runs. Versions are stored, so that changing or deleting a file does not
   * affect a run (E-014).
   */
  version_id: string;
  actor: RecipientKey | null;
  tenant: string | null;
  data: JsonObject;
  cancellation_key: string | null;
  settings: RunSettings;
  trigger_source: TriggerSource;
  inserted_at: number;
}

/** Returns a run of a workflow. Fields that are not given have the values of a run that no request started. */
export function createWorkflowRun(
  { key, version_id }: Pick<Workflow, "key" | "version_id">,
  fields: Pick<WorkflowRun, "id" | "trigger_source" | "inserted_at"> & Partial<WorkflowRun>,
): WorkflowRun {
  return {
    id: fields.id,
    workflow: key,
    version_id,
    actor: fields.actor ?? null,
    tenant: fields.tenant ?? null,
    data: fields.data ?? {},
    cancellation_key: fields.cancellation_key ?? null,
    settings: fields.settings ?? { sandbox_mode: false, skip_delay: false },
    trigger_source: fields.trigger_source,
    inserted_at: fields.inserted_at,
  };
}

/** An entry in the history of a run (E-009). EQ-04 lists the names. `at` is in milliseconds. */
export interface RunEvent {
  event: string;
  status: "ok" | "error";
  step_ref: string | null;
  step_type: string | null;
  attempt: number;
  data: JsonObject | null;
  at: number;
}

/**
 * The position of a run in its workflow: the index of the next step, preceded by the index of the step and of the
 * branch for each branch that was entered. `[2]` is the third step, `[2, 0, 1]` the second step in the first branch of
 * the third step.
 */
export type StepPath = number[];

export interface RecipientRun {
  /** A UUID v5 of the workflow run and the recipient (E-002, EQ-02). */
  id: string;
  workflow_run_id: string;
  recipient: RecipientKey;
  status: RunStatus;
  /** The step that is executed next or is waiting, or at which the run failed; null once it was completed or canceled. */
  position: StepPath | null;
  /** The time at which the waiting step ends, in milliseconds; null if it does not wait for a time. */
  due_at: number | null;
  /** The event that the run waits for, at most until `due_at`; absent if it waits for none. */
  wait?: RunWait | null;
  /** The data of this run if it differs from the trigger's, because of `$trigger_data`, fetched data or updates. */
  data: JsonObject | null;
  /** The subscription through which the recipient was reached (E-061). */
  via: Subscription | null;
  /** The outcomes of the steps so far, in order. */
  steps: StepOutcome[];
  /** The reason why the run ended before any step; otherwise null. */
  reason: Reason | null;
  events: RunEvent[];
  error_count: number;
  inserted_at: number;
  updated_at: number;
}

/**
 * Returns a copy of a run. Changes of the copy leave the original unchanged. Each key is named: V8 gives a spread object a hidden
 * class of its own when `due_at` changes from a number to null, and each later access to it is ten times as slow.
 */
export function copyRun(run: RecipientRun): RecipientRun {
  const copy: RecipientRun = {
    id: run.id,
    workflow_run_id: run.workflow_run_id,
    recipient: run.recipient,
    status: run.status,
    position: run.position,
    due_at: run.due_at,
    data: run.data,
    via: run.via,
    steps: run.steps.map((step) => ({ ...step })),
    reason: run.reason,
    events: [...run.events],
    error_count: run.error_count,
    inserted_at: run.inserted_at,
    updated_at: run.updated_at,
  };
  if (run.wait !== undefined) copy.wait = run.wait;
  return copy;
}
