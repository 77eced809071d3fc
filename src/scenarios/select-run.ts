import type { StepOutcome } from "../domain/run/outcome.js";
import type { ObservedRun } from "./observed.js";

/** The run that decides an expected outcome. `step` is undefined if the run has not reached the step. */
interface SelectedRun {
  run: ObservedRun;
  step: StepOutcome | undefined;
}

/** Returns whether a run ended because its activity joined the batch of another run. */
function hasJoinedBatch({ steps }: ObservedRun): boolean {
  return steps.at(-1)?.reason?.code === "batched";
}

/** Returns the refs of the steps that a run has reached or continued since an earlier state. */
function listChangedRefs(run: ObservedRun, previous: readonly ObservedRun[]): Set<string> {
  const earlier = previous.find(({ recipient_run_id }) => recipient_run_id === run.recipient_run_id);
  const isChanged = (step: StepOutcome): boolean =>
    JSON.stringify(step) !== JSON.stringify(earlier?.steps.find(({ ref }) => ref === step.ref));
  return new Set(run.steps.filter(isChanged).map(({ ref }) => ref));
}

/**
 * Selects the run that decides the outcome of a step, from the runs of one recipient, oldest first. `previous` are the
 * runs before the step of the scenario, or null if it has no action. For each workflow, the runs that changed since then
 * are compared, otherwise the newest run. Runs that joined the batch of another run are ignored there, because they end
 * before the steps that follow. Of these runs, the newest one that reached the step now decides, otherwise the newest
 * one that reached it earlier. Returns null without runs.
 */
export function selectRun(
  runs: readonly ObservedRun[],
  ref: string,
  previous: readonly ObservedRun[] | null,
): SelectedRun | null {
  const changed = new Map(runs.map((run) => [run, previous === null ? new Set() : listChangedRefs(run, previous)]));
  const candidates = [...new Set(runs.map(({ workflow }) => workflow))].flatMap((workflow) => {
    const own = runs.filter((run) => run.workflow === workflow);
    const moved = own.filter((run) => (changed.get(run)?.size ?? 0) > 0);
    return moved.length > 0 ? moved : [own.findLast((run) => !hasJoinedBatch(run)) ?? (own.at(-1) as ObservedRun)];
  });
  const newestFirst = candidates.sort((a, b) => runs.indexOf(b) - runs.indexOf(a));
  const run =
    newestFirst.find((candidate) => changed.get(candidate)?.has(ref)) ??
    newestFirst.find(({ steps }) => steps.some((step) => step.ref === ref)) ??
    newestFirst[0];
  return run === undefined ? null : { run, step: run.steps.find((step) => step.ref === ref) };
}
