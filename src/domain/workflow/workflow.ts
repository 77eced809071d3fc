import type { JsonObject } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";
import type { ChannelType } from "../message/message.js";
import type { DelayStep, FunctionStep, StepBase } from "../step/step-types.js";

export type { DelayStep, StepBase };

export const TRIGGER_FREQUENCIES = ["every_trigger", "once_per_recipient", "once_per_recipient_per_tenant"] as const;
export type TriggerFrequency = (typeof TRIGGER_FREQUENCIES)[number];

/** What starts runs of a workflow beside the API: a local extension of the file (F-025). */
export type WorkflowTrigger =
  | { type: "audience"; audience_key: string }
  | { type: "event"; source_key: string; event_key: string; mapping: JsonObject };

/** A workflow file, checked and with its template files read in. The key is the folder's name (F-007). */
export interface Workflow {
  key: string;
  /** UUID derived from the content: equal files are one version. */
  version_id: string;
  name: string;
  categories: string[];
  /** Trigger conditions (E-071). */
  conditions: ConditionGroup | null;
  trigger_frequency: TriggerFrequency;
  trigger_data_json_schema: JsonObject | null;
  settings: { is_commercial: boolean; override_preferences: boolean };
  /** The file's own switch; the environment's wins (F-024). */
  active: boolean;
  trigger: WorkflowTrigger | null;
  steps: Step[];
}

export interface SendWindow {
  day: string;
  type: "send" | "do_not_send";
  from: string | null;
  until: string | null;
}

export interface ChannelStep extends StepBase {
  type: "channel";
  channel_type: ChannelType | null;
  /** This or `channel_group_key` is set, and never both; a guide step may have neither (F-041). */
  channel_key: string | null;
  channel_group_key: string | null;
  /** Of a guide step (section 7.7 of the format). */
  guide_key: string | null;
  /** Per channel type, as in section 7 of the format; strings are Liquid. */
  template: JsonObject | null;
  channel_overrides: JsonObject | null;
  send_windows: SendWindow[] | null;
}

export interface Branch {
  name: string | null;
  default: boolean;
  conditions: ConditionGroup | null;
  terminates: boolean;
  steps: Step[];
}

/** The default branch is last (E-307). */
export interface BranchStep extends StepBase {
  type: "branch";
  branches: Branch[];
}

export interface CohortBranch {
  name: string | null;
  /** The share in tenths of a percent, 0 to 1000; those of a step sum to 1000 (E-312, E-313). */
  percentage_tenths: number;
  terminates: boolean;
  steps: Step[];
}

/** Never has conditions: the format has none for it, and what a file says is ignored. */
export interface RandomCohortStep extends StepBase {
  type: "random_cohort";
  /** A path or Liquid; null is the recipient's id (E-311). */
  cohort_key: string | null;
  cohort_branches: CohortBranch[];
}

export type Step = ChannelStep | BranchStep | RandomCohortStep | FunctionStep;
export type StepType = Step["type"];

/** Every step of a workflow with where it stands, nested ones after their branch. */
export function* walkSteps(steps: readonly Step[], path = "steps"): Generator<{ step: Step; path: string }> {
  for (const [index, step] of steps.entries()) {
    const here = `${path}[${index}]`;
    yield { step, path: here };
    if (step.type === "branch") {
      for (const [b, branch] of step.branches.entries()) yield* walkSteps(branch.steps, `${here}.branches[${b}].steps`);
    } else if (step.type === "random_cohort") {
      for (const [b, branch] of step.cohort_branches.entries())
        yield* walkSteps(branch.steps, `${here}.cohort_branches[${b}].steps`);
    }
  }
}
