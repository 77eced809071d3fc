import { getStepLabel } from "../../domain/run/step-labels.js";
import type { OutlineStep, WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import { getTone, replaceUnderscores } from "./labels.js";
import { isTrue, type RunProgress } from "./outline.js";

/** Returns the index of the branch that a run took, or -1. Names alone may be ambiguous. */
function findTakenBranch({ branches }: OutlineStep, name: unknown): number {
  return branches.findIndex(
    (branch) => branch.name === name && (branch.conditions === null || isTrue(branch.conditions)),
  );
}

/** Returns the steps that a run reached with their outcomes, for the diagram of its workflow. */
export function createRunProgress(run: JsonObject, outline: WorkflowOutline): RunProgress {
  const outcomes = new Map(filterObjects(run.steps).map((step) => [step.ref, step]));
  const steps = new Map<string, { tone: ReturnType<typeof getTone>; label: string; branches: number[] }>();
  const visit = (list: readonly OutlineStep[]): void => {
    for (const step of list) {
      const outcome = outcomes.get(step.ref);
      if (outcome === undefined) continue;
      const status = getStepLabel(String(outcome.outcome), outcome.message_status);
      const taken = findTakenBranch(step, outcome.branch);
      const branches = taken < 0 ? [] : [taken];
      const tone = status === "passed" ? "good" : getTone(status);
      steps.set(step.ref, { tone, label: replaceUnderscores(status), branches });
      visit(step.branches[taken]?.steps ?? []);
    }
  };
  visit(outline.steps);
  const isHalted = run.reason !== undefined || [...outcomes.values()].some(({ outcome }) => outcome === "halted");
  return { steps, hasEnded: run.status === "completed" && !isHalted };
}

/** Returns a step of an outline, or null. */
export function findOutlineStep(steps: readonly OutlineStep[], ref: string | null): OutlineStep | null {
  for (const step of steps) {
    if (step.ref === ref) return step;
    for (const branch of step.branches) {
      const found = findOutlineStep(branch.steps, ref);
      if (found !== null) return found;
    }
  }
  return null;
}
