import { describeUnknownName } from "../checks/check-names.js";
import { getStepDefinition } from "../domain/step-types/step-definitions.js";
import { parsePathSegments, walkSteps } from "../domain/step-types/walk-steps.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";

interface WorkflowCall {
  target: string;
  path: PropertyKey[];
}

/** Returns the workflows that the steps of a workflow trigger, except those whose key is a template. */
function listCalls({ steps }: Workflow): WorkflowCall[] {
  return [...walkSteps(steps)].flatMap(({ step, path }): WorkflowCall[] => {
    const target = getStepDefinition(step).getTriggeredWorkflow?.(step);
    if (target === undefined || /\{[{%]/.test(target)) return [];
    return [{ target, path: [...parsePathSegments(path), "settings", "workflow_key"] }];
  });
}

/** Returns the keys of the workflows that the steps of a workflow trigger. */
export const listCalledWorkflows = (workflow: Workflow): string[] => listCalls(workflow).map(({ target }) => target);

/** Returns the keys from one workflow to another over the workflows that they trigger, or null if there is no way. */
function findWay(from: string, to: string, calls: ReadonlyMap<string, readonly WorkflowCall[]>): string[] | null {
  const seen = new Set([from]);
  const ways = [[from]];
  for (const way of ways) {
    const last = way.at(-1) ?? from;
    if (last === to) return way;
    for (const { target } of calls.get(last) ?? []) {
      if (seen.has(target)) continue;
      seen.add(target);
      ways.push([...way, target]);
    }
  }
  return null;
}

/**
 * Returns findings about steps that trigger a workflow: its key is unknown, or it triggers the step's own workflow again.
 * Workflows without findings are not in the result.
 */
export function checkWorkflowCalls(
  workflows: readonly Workflow[],
  keys: readonly string[],
): ReadonlyMap<string, CheckFinding[]> {
  const calls = new Map(workflows.map((workflow) => [workflow.key, listCalls(workflow)]));
  const findings = new Map<string, CheckFinding[]>();
  for (const [key, ownCalls] of calls) {
    const found = ownCalls.flatMap(({ target, path }): CheckFinding[] => {
      if (!keys.includes(target)) {
        return [describeUnknownName({ kind: "workflow", name: target, path }, keys)];
      }
      const way = findWay(target, key, calls);
      if (way === null) return [];
      return [{ code: "workflow_cycle", path, message: `starts a cycle: ${[key, ...way].join(" → ")}` }];
    });
    if (found.length > 0) findings.set(key, found);
  }
  return findings;
}
