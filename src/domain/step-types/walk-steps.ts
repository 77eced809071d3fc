import type { Step, StepBranch } from "../step/step.js";
import type { StepReference } from "../step/step-definition.js";
import { type ChannelStep, isChannelStep } from "./channel-step.js";
import { getStepDefinition } from "./step-definitions.js";

/** Returns the branches of a step. Most step types have none. */
export function getBranches(step: Step): readonly StepBranch[] {
  return getStepDefinition(step).branches?.(step) ?? [];
}

/** Yields each step of a workflow with its path. Steps inside a branch follow the step that contains it. */
export function* walkSteps(steps: readonly Step[], path = "steps"): Generator<{ step: Step; path: string }> {
  for (const [index, step] of steps.entries()) {
    const stepPath = `${path}[${index}]`;
    yield { step, path: stepPath };
    const field = getStepDefinition(step).branchesField ?? "";
    for (const [b, branch] of getBranches(step).entries())
      yield* walkSteps(branch.steps, `${stepPath}.${field}[${b}].steps`);
  }
}

/** Returns the segments of a path such as `steps[2].branches[0].steps[1]`. */
export function parsePathSegments(path: string): PropertyKey[] {
  return path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** Yields the references of one kind in a workflow's steps, with the path of each. */
export function* walkReferences(
  steps: readonly Step[],
  kind: StepReference["kind"],
): Generator<StepReference & { step: Step }> {
  for (const { step, path } of walkSteps(steps)) {
    for (const reference of getStepDefinition(step).references?.(step) ?? [])
      if (reference.kind === kind) yield { ...reference, step, path: [...parsePathSegments(path), ...reference.path] };
  }
}

/** Yields the channel steps of a workflow with their paths. */
export function* walkChannelSteps(steps: readonly Step[]): Generator<{ step: ChannelStep; path: string }> {
  for (const { step, path } of walkSteps(steps)) if (isChannelStep(step)) yield { step, path };
}
