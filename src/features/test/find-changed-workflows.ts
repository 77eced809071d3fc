import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { Workflow } from "../../domain/workflow/workflow.js";

const SCENARIO_FILE = /\.test\.(?:ya?ml|json)$|(?:^|\/)__snapshots__\//;

/**
 * Returns the keys of the workflows that changed files can affect, including workflows that trigger a changed one.
 * Returns `all` for a file that several workflows share, such as a layout, and for a workflow that starts by itself.
 * Paths are relative to the project; `folder` is the folder of the resources.
 */
export function findChangedWorkflows(
  paths: readonly string[],
  folder: string,
  workflows: readonly Workflow[],
): ReadonlySet<string> | "all" {
  const changed = new Set<string>();
  const inFolder = folder === "" ? "" : `${folder}/`;
  for (const path of paths) {
    if (SCENARIO_FILE.test(path)) continue;
    const isResource = path.startsWith(inFolder);
    if (!isResource && path !== "knock.json") continue;
    const [, key] = /^(?:branches\/[^/]+\/)?workflows\/([^/]+)\//.exec(path.slice(inFolder.length)) ?? [];
    if (!isResource || key === undefined) return "all";
    changed.add(key);
  }
  if (workflows.some(({ key, trigger }) => trigger !== null && changed.has(key))) return "all";
  // Each round adds the workflows that trigger those of the round before.
  for (let before = -1; before !== changed.size; ) {
    before = changed.size;
    for (const { key, steps } of workflows)
      for (const { step } of walkSteps(steps))
        if (changed.has(getStepDefinition(step).getTriggeredWorkflow?.(step) ?? "")) changed.add(key);
  }
  return changed;
}
