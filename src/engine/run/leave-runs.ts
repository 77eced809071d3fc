import { findUndeclaredChannels } from "../../domain/project/find-undeclared-channels.js";
import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { LeaveRule } from "../../ports/due-work.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import type { EngineContext } from "../context/engine-context.js";
import { getRunContext } from "../workflow/branch-context.js";
import { readSharedTemplates } from "../workflow/shared-templates.js";

interface VersionedRun {
  run: WorkflowRun;
  version: Workflow;
}

/** Returns whether a project has everything that a version of a workflow names: templates, channels and workflows. */
async function hasReferences(version: Workflow, definitions: Definitions): Promise<boolean> {
  try {
    if (!(await readSharedTemplates(version, definitions)).isComplete) return false;
    if ((await compileWorkflow(version, definitions)).sharedError !== null) return false;
  } catch (error) {
    if (error instanceof KnockError) return false;
    throw error;
  }
  for (const { step } of walkSteps(version.steps)) {
    const key = getStepDefinition(step).getTriggeredWorkflow?.(step);
    if (key !== undefined && !hasLiquid(key) && (await definitions.workflow(key.trim())) === null) return false;
  }
  return findUndeclaredChannels(version, await definitions.environment()).length === 0;
}

type Verdict = "own" | "left" | "impossible";

/** Returns whether a worker does a run. The version of a broadcast is not in a project. */
async function judge({ run, version }: VersionedRun, definitions: Definitions, rule: LeaveRule): Promise<Verdict> {
  if (run.trigger_source.type === "broadcast") return "own";
  // An invalid file says nothing about versions. Its runs continue with their own.
  const current = await definitions.workflow(run.workflow).catch(() => version);
  if (current?.version_id === version.version_id) return "own";
  if (rule.hasOthers && !rule.askedVersions.has(version.version_id)) return "left";
  return current === null || !(await hasReferences(version, definitions)) ? "impossible" : "own";
}

/** Returns the runs of a claim that this worker does. The others are left to workers with another project. */
export async function keepOwnRuns<Run extends VersionedRun>(
  context: EngineContext<unknown>,
  runs: readonly Run[],
  token: string,
): Promise<readonly Run[]> {
  const { leaving } = context;
  if (leaving === undefined) return runs;
  const verdicts = new Map<string, Promise<Verdict>>();
  const own: Run[] = [];
  for (const one of runs) {
    const { run, version } = one;
    const { branch } = run.settings;
    const key = JSON.stringify([branch, run.workflow, version.version_id, run.trigger_source.type]);
    const verdict = verdicts.get(key) ?? judge(one, getRunContext(context, branch).definitions, leaving.rule);
    verdicts.set(key, verdict);
    const found = await verdict;
    if (found === "own") own.push(one);
    else if (found === "left") leaving.addVersion(version.version_id, token);
    else leaving.addImpossible(token);
  }
  return own;
}
