import type { StepOutcome } from "../domain/run/outcome.js";
import { getStepLabels } from "../domain/run/step-labels.js";

/** Returns the outcome of a step in words, with its reason. */
export function describeStep(step: StepOutcome | undefined): string {
  if (step === undefined) return "not reached";
  const labels = getStepLabels(step)
    .map(({ label }) => label)
    .join(" and ");
  const detail = step.reason?.detail ? `: ${step.reason.detail}` : "";
  const branch = step.branch ? `, branch ${step.branch}` : "";
  return step.reason ? `${labels} (${step.reason.code}${detail})` : `${labels}${branch}`;
}
