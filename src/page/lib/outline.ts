import type { OutlineCondition, OutlineGroup } from "../../domain/workflow/workflow-outline.js";
import type { Tone } from "./labels.js";

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

export const isGroup = (node: OutlineCondition | OutlineGroup): node is OutlineGroup => "conditions" in node;

/** Returns whether a run's conditions were true. */
export function isTrue(node: OutlineCondition | OutlineGroup): boolean {
  if (!isGroup(node)) return node.result === true;
  return node.match === "any" ? node.conditions.some(isTrue) : node.conditions.every(isTrue);
}

/** Returns a condition with the value that a run compared. */
export function formatCondition({ text, value }: OutlineCondition): string {
  return value === undefined ? text : `${text} (was ${value})`;
}
