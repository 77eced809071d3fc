import type { JsonObject } from "../util/json.js";
import type { ConditionGroup } from "./condition.js";
import type { Duration } from "./duration.js";
import type { ChannelType } from "./message.js";

export const TRIGGER_FREQUENCIES = ["every_trigger", "once_per_recipient", "once_per_recipient_per_tenant"] as const;
export type TriggerFrequency = (typeof TRIGGER_FREQUENCIES)[number];

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
  steps: Step[];
}

export interface StepBase {
  ref: string;
  name: string | null;
  conditions: ConditionGroup | null;
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
  channel_key: string | null;
  channel_group_key: string | null;
  /** Per channel type, as in section 7 of the format; strings are Liquid. */
  template: JsonObject | null;
  channel_overrides: JsonObject | null;
  send_windows: SendWindow[] | null;
}

/** At least one of the two is set; both together are a timestamp and an offset from it (E-233 to E-235). */
export interface DelayStep extends StepBase {
  type: "delay";
  settings: { delay_for: Duration | null; delay_until_field_path: string | null };
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

export type Step = ChannelStep | DelayStep | BranchStep;
export type StepType = Step["type"];

/** Every step of a workflow with where it stands, nested ones after their branch. */
export function* walkSteps(steps: readonly Step[], path = "steps"): Generator<{ step: Step; path: string }> {
  for (const [index, step] of steps.entries()) {
    const here = `${path}[${index}]`;
    yield { step, path: here };
    if (step.type === "branch") {
      for (const [b, branch] of step.branches.entries()) yield* walkSteps(branch.steps, `${here}.branches[${b}].steps`);
    }
  }
}
