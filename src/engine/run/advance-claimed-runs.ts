import type { Environment } from "../../domain/environment/environment.js";
import { cancelRun } from "../../domain/run/cancel-run.js";
import { findStep, findStepPath } from "../../domain/run/step-path.js";
import type { StepPath } from "../../domain/run/workflow-run.js";
import { isBatchStep } from "../../domain/step-types/batch-step.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { ClaimedRun } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import { createWorkflowCompiler, findTemplateError } from "../compile/compile-workflow.js";
import {
  buildParties,
  type EngineContext,
  isWorkflowActive,
  type QueryStore,
  readRunRecipients,
  readRunSchedules,
} from "../context/engine-context.js";
import { readLinkKey } from "../context/read-link-key.js";
import { type AdvanceInput, buildAdvanceInput } from "../execution/advance-input.js";
import { getRunContext } from "../workflow/branch-context.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { type Advance, createRunOnlyAdvance } from "./advance.js";
import { advanceMany } from "./advance-many.js";

/**
 * Returns a function that reads the current workflows of a chunk, or null for one that is not active or no longer
 * exists.
 */
function createCurrentWorkflowReader(context: EngineContext<unknown>, environment: Environment) {
  const known = new Map<string, Promise<Workflow | null>>();
  return (key: string, version: Workflow): Promise<Workflow | null> => {
    let current = known.get(key);
    if (current === undefined) {
      // An invalid file is not an archived workflow: its runs continue with their own version, as with invalid
      // templates.
      current = context.definitions
        .workflow(key)
        .catch(() => version)
        .then((workflow) => (workflow !== null && isWorkflowActive(workflow, environment) ? workflow : null));
      known.set(key, current);
    }
    return current;
  };
}

/** Returns the position of a version's batch step, or null if the version has no such step. */
function findBatchPosition({ steps }: Workflow, ref: string): StepPath | null {
  const position = findStepPath(steps, ref);
  return position !== null && isBatchStep(findStep(steps, position)) ? position : null;
}

/**
 * Returns the newest version for a batch in `latest` mode: the current one, or the last used one that still has the step, unless
 * that is pinned (E-267, E-270). Null keeps the run's own version.
 */
async function findNewerVersion(
  { recipientRun, version, batch, run }: ClaimedRun,
  current: Workflow | null,
  store: QueryStore,
): Promise<{ version: Workflow; position: StepPath } | null> {
  if (batch === null || current === null || current.version_id === version.version_id || recipientRun.position === null)
    return null;
  const at = findStep(version.steps, recipientRun.position);
  if (!isBatchStep(at) || at.settings.workflow_version_mode !== "latest") return null;
  const newest =
    findBatchPosition(current, at.ref) !== null
      ? current
      : (await store.listVersionsSince(run.id)).find((used) => findBatchPosition(used, at.ref) !== null);
  if (newest === undefined || newest.version_id === version.version_id) return null;
  const position = findBatchPosition(newest, at.ref) as StepPath;
  const step = findStep(newest.steps, position);
  return isBatchStep(step) && step.settings.workflow_version_mode === "latest" ? { version: newest, position } : null;
}

/** A claimed run with the result of its advance. */
export interface AdvancedClaimedRun {
  claimed: ClaimedRun;
  result: Advance;
  newVersion: Workflow | null;
}

/** Returns the compiled workflow with which a run continues. */
type PrepareWorkflow = (compiled: CompiledWorkflow) => CompiledWorkflow;

async function advanceRunsOfOneBranch(
  context: EngineContext<QueryStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
  prepare: PrepareWorkflow,
): Promise<AdvancedClaimedRun[]> {
  const [recipients, schedules, environment] = await Promise.all([
    readRunRecipients(context.store, claimed),
    readRunSchedules(context.store, claimed),
    context.definitions.environment(),
  ]);
  const linkKey = await readLinkKey(context, environment);
  const readCurrentWorkflow = createCurrentWorkflowReader(context, environment);
  const compile = createWorkflowCompiler(context.definitions);
  const advancedRuns: (AdvancedClaimedRun | null)[] = [];
  const pendingAdvances: { position: number; claimed: ClaimedRun; version: Workflow | null; input: AdvanceInput }[] =
    [];
  for (const claimedRun of claimed) {
    const { run, recipientRun, version, messages, batch, signals } = claimedRun;
    // A broadcast uses the version from when it was scheduled. Later changes of its file have no effect (E-399).
    const current =
      run.trigger_source.type === "broadcast" ? version : await readCurrentWorkflow(run.workflow, version);
    const newest = await findNewerVersion(claimedRun, current, context.store);
    const newer = newest && (await findTemplateError(newest.version, context.definitions)) === null ? newest : null;
    const parties = buildParties(run, recipientRun, recipients);
    if (parties === null) {
      const cancelled = cancelRun(recipientRun, now, { code: "recipient_deleted", detail: null }); // E-053
      const result = createRunOnlyAdvance(cancelled);
      advancedRuns.push({ claimed: claimedRun, result, newVersion: newer?.version ?? null });
      continue;
    }
    const position = advancedRuns.push(null) - 1;
    const compiled = prepare(await compile(newer?.version ?? version));
    pendingAdvances.push({
      position,
      claimed: claimedRun,
      version: newer?.version ?? null,
      input: buildAdvanceInput(context, parties, {
        recipients,
        run: newer ? { ...run, version_id: newer.version.version_id } : run,
        recipientRun: newer ? { ...recipientRun, position: newer.position } : recipientRun,
        environment,
        linkKey,
        schedule: schedules.get(run.trigger_source.schedule_id ?? ""),
        compiled,
        messages,
        batch,
        signals,
        now,
        isUnavailable: current === null,
      }),
    });
  }
  const results = await advanceMany(
    context,
    pendingAdvances.map(({ input }) => input),
    now,
  );
  for (const [index, { position, claimed, version }] of pendingAdvances.entries())
    advancedRuns[position] = { claimed, result: results[index] as Advance, newVersion: version };
  return advancedRuns.filter((advanced) => advanced !== null);
}

/** Advances runs with the files of their branches. Usually there are no branches. */
export async function advanceClaimedRuns(
  context: EngineContext<QueryStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
  prepare: PrepareWorkflow = (compiled) => compiled,
): Promise<AdvancedClaimedRun[]> {
  const branches = new Set(claimed.map(({ run }) => run.settings.branch));
  if (branches.size === 1 && branches.has(undefined)) return advanceRunsOfOneBranch(context, claimed, now, prepare);
  const advancedRuns: AdvancedClaimedRun[] = [];
  for (const branch of branches) {
    const runs = claimed.filter(({ run }) => run.settings.branch === branch);
    advancedRuns.push(...(await advanceRunsOfOneBranch(getRunContext(context, branch), runs, now, prepare)));
  }
  return advancedRuns;
}
