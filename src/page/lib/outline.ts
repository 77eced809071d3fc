import type { Tone } from "./labels.js";

/** A comparison. `result` is null if the run did not evaluate it, and absent without a run. */
export interface Condition {
  text: string;
  result?: boolean | null;
  /** The compared value. */
  value?: string;
}

export interface ConditionGroup {
  match: "all" | "any";
  conditions: (Condition | ConditionGroup)[];
}

export interface OutlineBranch {
  name: string;
  share: string | null;
  is_default: boolean;
  terminates: boolean;
  conditions: ConditionGroup | null;
  steps: OutlineStep[];
}

export interface OutlineStep {
  ref: string;
  name: string | null;
  type: string;
  channel_type: string | null;
  summary: string | null;
  conditions: ConditionGroup | null;
  branches: OutlineBranch[];
}

/** The structure of a workflow, as the emulator returns it. */
export interface Outline {
  conditions: ConditionGroup | null;
  steps: OutlineStep[];
}

/** The state of a step in a diagram, such as its outcome in a run. */
interface StepState {
  tone: Tone;
  label: string;
  /** The indices of the branches that were taken. */
  branches: readonly number[];
}

/** The steps that were reached, by ref, and whether the end of the workflow was reached. */
export interface RunProgress {
  steps: ReadonlyMap<string, StepState>;
  hasEnded: boolean;
  /** Whether several runs reached the steps, so that more than one end may be reached. */
  isUnion?: boolean;
}

export const isGroup = (node: Condition | ConditionGroup): node is ConditionGroup => "conditions" in node;

/** Returns whether a run's conditions were true. */
export function isTrue(node: Condition | ConditionGroup): boolean {
  if (!isGroup(node)) return node.result === true;
  return node.match === "any" ? node.conditions.some(isTrue) : node.conditions.every(isTrue);
}

/** Returns a condition with the value that a run compared. */
export function formatCondition({ text, value }: Condition): string {
  return value === undefined ? text : `${text} (was ${value})`;
}
