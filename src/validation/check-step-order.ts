import type { Step } from "../domain/step/step.js";
import { getStepDefinition } from "../domain/step-types/step-definitions.js";
import { getBranches, parsePathSegments, walkSteps } from "../domain/step-types/walk-steps.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import { walkObjects } from "../domain/validation/walk-objects.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { stableStringify } from "../util/json.js";

/** Returns the ref in a path such as `refs.email_1.delivery_status`, which may contain dots; undefined for other values. */
function findRef(value: unknown, refs: Iterable<string>): string | undefined {
  if (typeof value !== "string" || !value.startsWith("refs.")) return undefined;
  const rest = value.slice("refs.".length);
  return [...refs].filter((ref) => rest === ref || rest.startsWith(`${ref}.`)).sort((a, b) => b.length - a.length)[0];
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

/** Returns findings about branches that no run takes, because an earlier one has the same conditions. */
function findRepeatedBranches(step: Step, path: PropertyKey[]): CheckFinding[] {
  const first = new Map<string, number>();
  return getBranches(step).flatMap((branch, index): CheckFinding[] => {
    if (!("conditions" in branch) || branch.conditions === null) return [];
    const conditions = stableStringify(branch.conditions);
    const earlier = first.get(conditions);
    if (earlier === undefined) first.set(conditions, index);
    if (earlier === undefined) return [];
    const message = `is never taken, because branch ${earlier + 1} has the same conditions`;
    return [{ code: "unreachable_step", path: [...path, index], message }];
  });
}

/** Returns findings about steps that no run reaches, and about conditions that use the result of a later step. */
export function checkStepOrder({ steps }: Workflow): CheckFinding[] {
  const entries = [...walkSteps(steps)];
  const positions = new Map(entries.map(({ step }, index) => [step.ref, index]));
  const findings = findUnreachableSteps(steps, ["steps"]);
  for (const [index, { step, path }] of entries.entries()) {
    const stepPath = parsePathSegments(path);
    const field = getStepDefinition(step).branchesField ?? "";
    findings.push(...findRepeatedBranches(step, [...stepPath, field]));
    for (const [b, branch] of getBranches(step).entries())
      findings.push(...findUnreachableSteps(branch.steps, [...stepPath, field, b, "steps"]));
    for (const { value, path: conditionPath } of walkObjects(step, stepPath, ["steps", "template"]))
      for (const side of ["variable", "argument"]) {
        const ref = findRef(value[side], positions.keys());
        if (ref === undefined || (positions.get(ref) ?? index) < index) continue;
        const message = `cannot use step "${ref}", which does not run before this step`;
        findings.push({ code: "later_step_ref", path: [...conditionPath, side], message });
      }
  }
  return findings;
}
