import type { ClaimedRun } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { EngineContext, QueryStore } from "../context/engine-context.js";
import type { Advance } from "./advance.js";
import { type AdvancedClaimedRun, advanceClaimedRuns } from "./advance-claimed-runs.js";

export interface AdvancedMoments {
  advances: AdvancedClaimedRun[];
  /** The last moment whose runs were advanced. */
  reached: number;
}

/** Groups runs by the time at which they advance: their due time, or `now` if that has passed. Keeps their order. */
function groupByMoment(claimed: readonly ClaimedRun[], now: number): Map<number, ClaimedRun[]> {
  const runsByMoment = new Map<number, ClaimedRun[]>();
  for (const run of claimed) {
    const moment = Math.max(now, run.recipientRun.due_at ?? now);
    const runs = runsByMoment.get(moment);
    if (runs) runs.push(run);
    else runsByMoment.set(moment, [run]);
  }
  return runsByMoment;
}

/**
 * Returns the time before which an advance has no effect on other work. An advance with an effect that only the store can
 * apply, such as a changed recipient, affects everything after it.
 */
function findNextEffect({ recipientRun, messages, batch, upserts, triggers }: Advance): number {
  const hasEffect = batch !== null || upserts.length > 0 || triggers.length > 0 || Boolean(recipientRun.wait);
  if (hasEffect) return Number.NEGATIVE_INFINITY;
  const times = [recipientRun.due_at, ...messages.map(({ due_at }) => due_at)];
  return Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
}

/**
 * Advances claimed runs moment by moment, each at its own time. Stops before the first moment that an earlier one may
 * affect, because its effects must be saved first. Runs that are left out are released when the others are saved.
 */
export async function advanceMoments(
  context: EngineContext<QueryStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
  signal: AbortSignal | undefined,
): Promise<AdvancedMoments> {
  const advances: AdvancedClaimedRun[] = [];
  let reached = now;
  let nextEffect = Number.POSITIVE_INFINITY;
  for (const [moment, runs] of groupByMoment(claimed, now)) {
    if (advances.length > 0 && (moment >= nextEffect || signal?.aborted)) break;
    const advanced = await advanceClaimedRuns(context, runs, moment);
    for (const { result } of advanced) nextEffect = Math.min(nextEffect, findNextEffect(result));
    advances.push(...advanced);
    reached = moment;
  }
  return { advances, reached };
}
