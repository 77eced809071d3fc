import type { Step } from "../step/step.js";
import { getBranches, parsePathSegments, walkSteps } from "../steps/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";
import type { CheckFinding } from "./check-finding.js";

/** Yields the variables of conditions, of any nesting. */
function* listVariables(conditions: unknown): Generator<string> {
  if (typeof conditions !== "object" || conditions === null) return;
  for (const [key, value] of Object.entries(conditions))
    if (key === "variable" && typeof value === "string") yield value;
    else yield* listVariables(value);
}

/** Returns whether every run ends in the branches of a step, so that later steps never run. */
function endsEveryRun(step: Step): boolean {
  const branches = getBranches(step);
  return branches.length > 0 && branches.every(({ terminates, steps }) => terminates || steps.some(endsEveryRun));
}

function findUnreachableSteps(steps: readonly Step[], path: PropertyKey[]): CheckFinding[] {
  const end = steps.findIndex(endsEveryRun);
  if (end === -1 || end === steps.length - 1) return [];
  const message = `is never reached, because every branch of step "${steps[end]?.ref}" ends the run`;
  return [{ code: "unreachable_step", path: [...path, end + 1], message }];
}

/** Returns findings about steps that no run reaches, and about conditions that use the result of a later step. */
export function checkStepOrder({ steps }: Workflow): CheckFinding[] {
  const entries = [...walkSteps(steps)];
  const positions = new Map(entries.map(({ step }, index) => [step.ref, index]));
  const findings = findUnreachableSteps(steps, ["steps"]);
  for (const [index, { step, path }] of entries.entries()) {
    const stepPath = parsePathSegments(path);
    for (const [b, branch] of getBranches(step).entries())
      findings.push(...findUnreachableSteps(branch.steps, [...stepPath, "branches", b, "steps"]));
    for (const variable of listVariables(step.conditions)) {
      const [root, ref = ""] = variable.split(".");
      if (root !== "refs" || (positions.get(ref) ?? -1) < index) continue;
      const message = `use step "${ref}", which does not run before this step`;
      findings.push({ code: "later_step_ref", path: [...stepPath, "conditions"], message });
    }
  }
  return findings;
}
