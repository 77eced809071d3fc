import type { ConditionGroup } from "../condition/condition.js";

/** The properties that every step has at run time. */
export interface StepBase {
  ref: string;
  name: string | null;
  conditions: ConditionGroup | null;
}

/** The step types. Each file in `domain/step-types` adds its own, so that no list of them exists here. */
// biome-ignore lint/suspicious/noEmptyInterface: declaration merging fills it
export interface StepTypes {}

export type StepType = keyof StepTypes;
export type Step = StepTypes[StepType];

/** A list of steps inside a step. */
export interface StepBranch {
  name: string | null;
  terminates: boolean;
  steps: Step[];
}
