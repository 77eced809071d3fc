import type { Step } from "../step/step.js";
import { getBranches, walkSteps } from "../step-types/walk-steps.js";
import type { StepPath } from "./workflow-run.js";

const getBranchesIfAny = (step: Step | undefined) => (step === undefined ? [] : getBranches(step));

/** Returns the step at a path, or undefined for a path past the end of a list. */
export function findStep(steps: readonly Step[], path: StepPath): Step | undefined {
  let list: readonly Step[] = steps;
  for (let i = 0; i + 2 < path.length; i += 2) {
    list = getBranchesIfAny(list[path[i] as number])[path[i + 1] as number]?.steps ?? [];
  }
  return list[path.at(-1) ?? -1];
}

export function getNextPath(path: StepPath): StepPath {
  return [...path.slice(0, -1), (path.at(-1) ?? -1) + 1];
}

/**
 * Returns the path after a finished list of steps: the step after the one that contains the list, or null at the end of
 * the run (E-308).
 */
export function findPathAfterBranch(steps: readonly Step[], path: StepPath): StepPath | null {
  if (path.length === 1) return null;
  const parentPath = path.slice(0, -2);
  const branch = getBranchesIfAny(findStep(steps, parentPath))[path.at(-2) ?? -1];
  return branch?.terminates ? null : getNextPath(parentPath);
}

/** Returns the path of the step with a ref, or null if the workflow has no such step. */
export function findStepPath(steps: readonly Step[], ref: string): StepPath | null {
  for (const { step, path } of walkSteps(steps)) {
    if (step.ref === ref) return [...path.matchAll(/\[(\d+)\]/g)].map(([, index]) => Number(index));
  }
  return null;
}
