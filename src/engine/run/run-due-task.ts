import type { Message } from "../../domain/message/message.js";
import { toMessageFields, toRunFields } from "../../domain/run/work-fields.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import { SUSPECTED_WORK, type WorkScope } from "../../ports/due-store.js";
import type { DueTask, DueTaskFailure, DueTaskResult } from "../../ports/due-work.js";
import { FixedWork } from "../../ports/own-work.js";
import { getClaimLimit } from "../context/delivery-rates.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { LeavingWork } from "../context/leaving-work.js";
import { deliverDueMessages } from "../message/deliver-due-messages.js";
import { advanceDueRuns, type RunFailure } from "./advance-due-runs.js";
import { createClaim } from "./continue-fan-out.js";
import { followUserChanges } from "./follow-user-changes.js";
import { keepOwnRuns } from "./leave-runs.js";
import { releaseAfterError } from "./release-after-error.js";
import { runDueSchedules } from "./run-due-schedules.js";
import { continueDueFanOuts, MAX_RUNS_PER_CHUNK } from "./run-due-work.js";
import { applyBatchDecision } from "./start-runs.js";

/** Performs one kind of due work in one scope, for a job of a worker. The result counts what was saved, also if an error ends it. */
export async function runDueTask(
  context: EngineContext<DueWorkStore>,
  task: DueTask,
  signal: AbortSignal,
): Promise<DueTaskResult> {
  const leaving = task.isElsewhere && new LeavingWork(task.isElsewhere);
  const warn: typeof context.warn = (text, about) => context.warn?.(text, { ...task.job, ...about });
  const own = { ...context, ownWork: new FixedWork(task.scope), leaving, warn };
  const result: DueTaskResult = { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };
  try {
    await releaseAfterError(own, async (claiming) => {
      await performTask(claiming, task, signal, result);
      const tokens = leaving?.listTokens() ?? [];
      if (tokens.length === 0) return;
      await claiming.store.releaseClaims(tokens);
      result.hasLeftWork = true;
    });
  } catch (error) {
    result.error = error;
  }
  return result;
}

/**
 * Does the suspected work that is due, one row at a time, for a process that does nothing else. The result counts what was saved, also
 * if an error ends it.
 */
export async function runSuspected(context: EngineContext<DueWorkStore>, signal: AbortSignal): Promise<DueTaskResult> {
  const total: DueTaskResult = { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };
  while (!signal.aborted && total.error === undefined) {
    const [kind] = await context.store.listDueKinds(await readTime(context), SUSPECTED_WORK);
    if (kind === undefined) break;
    const result = await runDueTask(context, { kind, scope: SUSPECTED_WORK }, signal);
    for (const [status, count] of Object.entries(result.runs)) total.runs[status] = (total.runs[status] ?? 0) + count;
    total.refused += result.refused;
    total.deliveries += result.deliveries;
    total.failedDeliveries += result.failedDeliveries;
    total.failures = [...(total.failures ?? []), ...(result.failures ?? [])];
    if (result.error !== undefined) total.error = result.error;
  }
  return total;
}

async function performTask(
  context: EngineContext<DueWorkStore>,
  task: DueTask,
  signal: AbortSignal,
  result: DueTaskResult,
): Promise<void> {
  const now = await readTime(context);
  const countRun = (status: string): void => {
    result.runs[status] = (result.runs[status] ?? 0) + 1;
  };
  switch (task.kind) {
    case "runs":
      await advanceRuns(context, now, { signal, result, countRun });
      break;
    case "fan_outs":
      await continueDueFanOuts(context, now, (_, advance) => countRun(advance.recipientRun.status));
      break;
    case "messages":
      await deliverDueMessages(
        context,
        now,
        (message, failure) => {
          result.deliveries++;
          if (failure !== null) result.failedDeliveries++;
          if (message.status !== "undelivered" && message.status !== "bounced") return;
          result.failures ??= [];
          result.failures.push(toDeliveryFailure(message));
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
      for (const { schedule, error } of await runDueSchedules(
        context,
        now,
        (_, advance) => countRun(advance.recipientRun.status),
        signal,
      ))
        context.warn?.(`schedule ${schedule.id} of ${schedule.workflow} could not start: ${error.message}`, {
          workflow: schedule.workflow,
          tenant: schedule.tenant,
        });
      break;
  }
}

interface RunCounts {
  signal: AbortSignal;
  result: DueTaskResult;
  countRun(status: string): void;
}

async function advanceRuns(
  context: EngineContext<DueWorkStore>,
  now: number,
  { signal, result, countRun }: RunCounts,
): Promise<void> {
  const done = new Set<string>();
  for (let claimedCount = MAX_RUNS_PER_CHUNK; claimedCount === MAX_RUNS_PER_CHUNK && !signal.aborted; ) {
    const { token, ...claim } = createClaim(context, now);
    const claimed = await context.store.claimDueRuns({ token, ...claim }, MAX_RUNS_PER_CHUNK);
    if (claimed.length === 0) return;
    const own = await keepOwnRuns(context, claimed, token);
    if (own.length === 0) return;
    const { advances, saved, batchDecisions, failures } = await advanceDueRuns(context, own, { token, now });
    for (const { claimed: run, result: advance } of advances)
      if (saved.has(run.recipientRun.id)) countRun(applyBatchDecision(advance, batchDecisions).recipientRun.status);
      else result.refused++;
    if (failures.length > 0) result.failures = [...(result.failures ?? []), ...failures.map(toTaskFailure)];
    // Another worker has these runs, and may not be done yet.
    if (saved.size + failures.length === 0 || own.length < claimed.length) return;
    // All rows of the job are done, so another look would find none.
    for (const { recipientRun } of claimed) done.add(recipientRun.id);
    if (result.refused === 0 && done.size === countRows(context.ownWork?.scope)) return;
    claimedCount = claimed.length;
  }
}

function toTaskFailure({ claimed: { run, recipientRun }, error, ...verdict }: RunFailure): DueTaskFailure {
  return { ...toRunFields(run), recipient_run_id: recipientRun.id, error: getErrorMessage(error), ...verdict };
}

function toDeliveryFailure(message: Message): DueTaskFailure {
  return { ...toMessageFields(message), error: message.status, hasEnded: true, isCommon: false };
}

/** Returns the number of rows that a scope contains. Null if it is not limited to a range of rows. */
function countRows(scope: WorkScope | undefined): number | null {
  return scope?.rows === undefined ? null : scope.rows.to - scope.rows.from + 1;
}
