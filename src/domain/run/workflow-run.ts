import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { Subscription } from "../recipient/subscription.js";
import type { Reason, StepOutcome } from "./outcome.js";
import type { RunStatus } from "./run-status.js";
import type { RunWait } from "./run-wait.js";

/** E-010. */
export interface TriggerSource {
  type: "api" | "audience" | "schedule" | "broadcast" | "workflow_step" | "integration" | "rehearsal";
  audience_key?: string;
  schedule_id?: string;
  /** How many triggers that steps made lie above it, those of audiences that a step changed included. Not the API's. */
  depth?: number;
  /** Of a broadcast's further runs, one per tenant: the first one's id. Not the API's. */
  of?: string;
}

export interface RunSettings {
  sandbox_mode: boolean;
  skip_delay: boolean;
  /** Whose files it runs, its steps' triggers included; absent: the main ones (A-015). Not the API's. */
  branch?: string;
}

/** One trigger: everything its recipient runs share. `data` is the request's, before any recipient's `$trigger_data`. */
export interface WorkflowRun {
  /** UUID v4 (E-001). */
  id: string;
  workflow: string;
  /** The definition it runs, kept in the store so that a changed or deleted file cannot touch it (E-014). */
  version_id: string;
  actor: RecipientKey | null;
  tenant: string | null;
  data: JsonObject;
  cancellation_key: string | null;
  settings: RunSettings;
  trigger_source: TriggerSource;
  inserted_at: number;
}

/** An entry of a run's event list (E-009, names EQ-04). `at` in milliseconds. */
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
 * Where a run stands in its workflow: the index of the next step, then for every branch entered the branch's index and
 * the step's index inside it. `[2]` is the third step, `[2, 0, 1]` the second step in the first branch of the third step.
 */
export type StepPath = number[];

export interface RecipientRun {
  /** UUID v5 of the workflow run and the recipient (E-002, EQ-02). */
  id: string;
  workflow_run_id: string;
  recipient: RecipientKey;
  status: RunStatus;
  /** The step to execute next, or the one it waits at; null once ended. */
  position: StepPath | null;
  /** When the waiting step ends, in milliseconds; null if it waits for nothing that time brings. */
  due_at: number | null;
  /** The event that it waits for, until `due_at` at the latest; absent where it waits for none. */
  wait?: RunWait | null;
  /** `data` of this run where it differs from the trigger's (`$trigger_data`, fetched or updated data). */
  data: JsonObject | null;
  /** The subscription through which the recipient was reached (E-061). */
  via: Subscription | null;
  /** What happened to each step so far, in order. */
  steps: StepOutcome[];
  /** Why the run stopped before any step, if it did. */
  reason: Reason | null;
  events: RunEvent[];
  error_count: number;
  inserted_at: number;
  updated_at: number;
}
