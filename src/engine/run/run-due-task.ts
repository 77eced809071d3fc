import { failRun } from "../../domain/run/fail-run.js";
import type { WorkScope } from "../../ports/due-store.js";
import type { DueTask, DueTaskResult } from "../../ports/due-work.js";
import type { ClaimedRun } from "../../ports/run-store.js";
import { getClaimLimit } from "../context/delivery-rates.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { OwnWork } from "../context/own-work.js";
import { deliverDueMessages } from "../message/deliver-due-messages.js";
import { createRunOnlyAdvance } from "./advance.js";
import { type AdvancedClaimedRun, advanceClaimedRuns } from "./advance-claimed-runs.js";
import { createClaim } from "./continue-fan-out.js";
import { followUserChanges } from "./follow-user-changes.js";
import { type BlockedSchedule, runDueSchedules } from "./run-due-schedules.js";
import { continueDueFanOuts, MAX_RUNS_PER_CHUNK, toSavedAdvance } from "./run-due-work.js";

/** The work of one job. Work that it causes has jobs of its own. */
class JobWork extends OwnWork {
  constructor(private readonly jobScope: WorkScope) {
    super();
  }

  override get scope(): WorkScope {
    return this.jobScope;
  }

  override add(): void {}
}

/** Performs one kind of due work in one scope, for a job of a worker. */
export async function runDueTask(
  mainContext: EngineContext<DueWorkStore>,
  task: DueTask,
  { signal, onBlocked }: { signal: AbortSignal; onBlocked?: (schedule: BlockedSchedule) => void },
): Promise<DueTaskResult> {
  const context = { ...mainContext, ownWork: new JobWork(task.scope) };
  const now = await readTime(context);
  const result: DueTaskResult = { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };
  const countRun = (status: string): void => {
    result.runs[status] = (result.runs[status] ?? 0) + 1;
  };
  switch (task.kind) {
    case "runs":
      await advanceRuns(context, now, task.failure, { signal, result, countRun });
      break;
    case "fan_outs":
      await continueDueFanOuts(context, now, (_, advance) => countRun(advance.recipientRun.status));
      break;
    case "messages":
      await deliverDueMessages(
        context,
        now,
        (_, failure) => {
          result.deliveries++;
          if (failure !== null) result.failedDeliveries++;
        },
        signal,
      );
      if (getClaimLimit(await context.definitions.environment(), task.scope.channel) !== null)
        result.isRateLimited = true;
      break;
    case "user_changes":
      await followUserChanges(context, now, (_, advance) => countRun(advance.recipientRun.status));
      break;
    case "schedules":
      for (const schedule of await runDueSchedules(
        context,
        now,
        (_, advance) => countRun(advance.recipientRun.status),
        signal,
      ))
        onBlocked?.(schedule);
      break;
  }
  return result;
}

interface RunCounts {
  signal: AbortSignal;
  result: DueTaskResult;
  countRun(status: string): void;
}

async function advanceRuns(
  context: EngineContext<DueWorkStore>,
  now: number,
  failure: string | undefined,
  { signal, result, countRun }: RunCounts,
): Promise<void> {
  const done = new Set<string>();
  for (let claimedCount = MAX_RUNS_PER_CHUNK; claimedCount === MAX_RUNS_PER_CHUNK && !signal.aborted; ) {
    const claim = createClaim(context, now);
    const claimed = await context.store.claimDueRuns(claim, MAX_RUNS_PER_CHUNK);
    if (claimed.length === 0) return;
    const advances =
      failure === undefined
        ? await advanceClaimedRuns(context, claimed, now)
        : claimed.map((run) => failClaimedRun(run, now, failure));
    const { saved } = await context.store.saveAdvances(advances.map(toSavedAdvance), claim.token, now);
    for (const { claimed: run, result: advance } of advances)
      if (saved.has(run.recipientRun.id)) countRun(advance.recipientRun.status);
      else result.refused++;
    // Another worker has these runs, and may not be done yet.
    if (saved.size === 0) return;
    // All rows of the job are done, so another look would find none.
    for (const id of saved) done.add(id);
    if (done.size === countRows(context.ownWork?.scope)) return;
    claimedCount = claimed.length;
  }
}

/** Returns the number of rows that a scope contains. Null if it is not limited to a range of rows. */
function countRows(scope: WorkScope | undefined): number | null {
  return scope?.rows === undefined ? null : scope.rows.to - scope.rows.from + 1;
}

function failClaimedRun(claimed: ClaimedRun, now: number, failure: string): AdvancedClaimedRun {
  const run = failRun(claimed.recipientRun, claimed.version, now, failure);
  return { claimed, result: createRunOnlyAdvance(run), newVersion: null };
}
