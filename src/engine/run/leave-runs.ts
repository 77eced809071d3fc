import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { toProjectName } from "../../ports/due-work.js";
import type { EngineContext } from "../context/engine-context.js";
import { getRunContext } from "../workflow/branch-context.js";

interface VersionedRun {
  run: WorkflowRun;
  version: Workflow;
}

/** Returns the name of the version or workflow that a project lacks for a run, or null. The version of a broadcast is not in a project. */
async function findMissing(context: EngineContext<unknown>, { run, version }: VersionedRun): Promise<string | null> {
  if (run.trigger_source.type === "broadcast") return null;
  const { definitions } = getRunContext(context, run.settings.branch);
  // An invalid file says nothing about versions. Its runs continue with their own.
  const current = await definitions.workflow(run.workflow).catch(() => version);
  if (current === null) return toProjectName("workflow", run.workflow);
  return current.version_id === version.version_id ? null : toProjectName("version", version.version_id);
}

/** Returns the runs of a claim that this worker does. The others are left to workers with another project. */
export async function keepOwnRuns<Run extends VersionedRun>(
  context: EngineContext<unknown>,
  runs: readonly Run[],
  token: string,
): Promise<readonly Run[]> {
  if (context.leaving === undefined) return runs;
  const found = new Map<string, Promise<string | null>>();
  return context.leaving.keepOwn(runs, token, (one) => {
    const { run, version } = one;
    const key = JSON.stringify([run.settings.branch, run.workflow, version.version_id, run.trigger_source.type]);
    const name = found.get(key) ?? findMissing(context, one);
    found.set(key, name);
    return name;
  });
}

/** Returns the schedules of a claim that this worker does. Those of workflows that its project lacks may be left. */
export async function keepOwnSchedules(
  { leaving, definitions }: EngineContext<unknown>,
  schedules: readonly Schedule[],
  token: string,
): Promise<readonly Schedule[]> {
  if (leaving === undefined) return schedules;
  const keys = await definitions.workflowKeys();
  return leaving.keepOwn(schedules, token, ({ workflow }) =>
    keys.includes(workflow) ? null : toProjectName("workflow", workflow),
  );
}
