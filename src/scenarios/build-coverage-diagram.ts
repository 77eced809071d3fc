import { getBranches, walkSteps } from "../domain/step-types/walk-steps.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { buildWorkflowOutline } from "../domain/workflow/workflow-outline.js";
import { REQUIRED_KINDS } from "./coverage.js";
import { createItemId, getBranchName, listCoverageItems } from "./list-coverage-items.js";
import type { StepCondition } from "./step-condition.js";

/** A step that scenarios executed. */
interface CoveredStep {
  /** Whether scenarios reached all parts that count for the threshold. */
  isComplete: boolean;
  /** The indices of the branches that scenarios took. */
  branches: number[];
}

/** A workflow with the parts that scenarios reached, for its diagram. */
export interface CoverageDiagram {
  key: string;
  outline: ReturnType<typeof buildWorkflowOutline>;
  /** The executed steps, by ref. */
  steps: Record<string, CoveredStep>;
  /** The parts that no scenario reached. The step of the trigger is null. */
  missing: { step: string | null; text: string }[];
}

/** Builds the diagram of a workflow from the IDs of the parts that scenarios reached. */
export function buildCoverageDiagram(
  workflow: Workflow,
  reached: ReadonlySet<string>,
  templateConditions: readonly StepCondition[] = [],
): CoverageDiagram {
  const { key } = workflow;
  const missing = listCoverageItems(workflow, templateConditions).filter(({ id }) => !reached.has(id));
  const required = new Set<string>(REQUIRED_KINDS);
  const incomplete = new Set(missing.filter(({ kind }) => required.has(kind)).map(({ step }) => step));
  const covered = [...walkSteps(workflow.steps)]
    .filter(({ step: { ref } }) => reached.has(createItemId(key, "steps", ref)))
    .map(({ step }): [string, CoveredStep] => {
      const isTaken = (index: number): boolean =>
        reached.has(createItemId(key, "branches", step.ref, getBranchName(step, index)));
      const branches = [...getBranches(step).keys()].filter(isTaken);
      return [step.ref, { isComplete: !incomplete.has(step.ref), branches }];
    });
  return {
    key,
    outline: buildWorkflowOutline(workflow),
    steps: Object.fromEntries(covered),
    missing: missing.map(({ step, text }) => ({ step, text })),
  };
}
