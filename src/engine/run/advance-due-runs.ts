import type { BatchDecision } from "../../domain/run/batch-continuations.js";
import { failRun, WORKER_CRASHED } from "../../domain/run/fail-run.js";
import type { Reason } from "../../domain/run/outcome.js";
import { REASONS } from "../../domain/run/reasons.js";
import { hasFailedAlone } from "../../domain/run/suspicion.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { CausedWork, DueStore } from "../../ports/due-store.js";
import type { ClaimedRun, SavedAdvance } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { EngineContext, QueryStore } from "../context/engine-context.js";
import { doInParts, type FailureVerdict, RETRY_MS } from "../context/work-failures.js";
import { type Advance, createRunOnlyAdvance } from "./advance.js";
import { type AdvancedClaimedRun, advanceClaimedRuns } from "./advance-claimed-runs.js";
import type { MovingClock } from "./moving-clock.js";

interface AdvancedMoments {
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
async function advanceMoments(
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

type Context = EngineContext<QueryStore & ScheduleStore & DueStore>;

/** A run that could not be continued. It has ended as failed, or is tried again later. */
export interface RunFailure extends FailureVerdict {
  claimed: ClaimedRun;
  error: unknown;
}

/** Returns the error of a run that could not be continued, with the run. */
export function explainFailure({ claimed: { run, recipientRun }, error }: RunFailure): Error {
  return new Error(`run ${recipientRun.id} of ${run.workflow} could not be continued: ${getErrorMessage(error)}`, {
    cause: error,
  });
}

/** The runs of a claim after their advances. */
interface AdvancedRuns {
  advances: AdvancedClaimedRun[];
  /** The last moment whose runs were advanced. */
  reached: number;
  /** The ids of the saved runs. */
  saved: ReadonlySet<string>;
  batchDecisions: ReadonlyMap<string, BatchDecision>;
  caused: CausedWork[];
  failures: RunFailure[];
}

/** Advances claimed runs. After an error of one of them, only those that are due at `now` are advanced. */
async function advanceInParts(
  context: Context,
  claimed: readonly ClaimedRun[],
  now: number,
  signal: AbortSignal | undefined,
): Promise<AdvancedMoments & { failed: { item: ClaimedRun; error: unknown }[] }> {
  try {
    return { ...(await advanceMoments(context, claimed, now, signal)), failed: [] };
  } catch (error) {
    if (context.store.isTransient(error)) throw error;
  }
  const due = claimed.filter(({ recipientRun }) => (recipientRun.due_at ?? now) <= now);
  const advances: AdvancedClaimedRun[] = [];
  const failed = await doInParts(context.store, due, async (part) => {
    advances.push(...(await advanceClaimedRuns(context, part, now)));
  });
  return { advances, reached: now, failed };
}

function toSavedAdvance({ claimed, result, newVersion: version }: AdvancedClaimedRun): SavedAdvance {
  const { recipientRun, messages, batch, upserts, triggers } = result;
  return { recipientRun, messages, batch, upserts, triggers, version, revision: claimed.revision };
}

function failClaimedRun(claimed: ClaimedRun, now: number, reason: Reason): AdvancedClaimedRun {
  const run = failRun(claimed.recipientRun, claimed.version, now, reason);
  return { claimed, result: createRunOnlyAdvance(run), newVersion: null };
}

/** Ends runs as failed that ended each process that only advanced them. */
async function failCrashedRuns(
  { store }: Context,
  claimed: readonly ClaimedRun[],
  token: string,
  now: number,
): Promise<AdvancedRuns> {
  const advances = claimed.map((run) => failClaimedRun(run, now, WORKER_CRASHED));
  const { saved, batchDecisions, caused } = await store.saveAdvances(advances.map(toSavedAdvance), token, now);
  const attempt = store.getDeathsAlone(token) ?? 0;
  await store.settleSuspected(token, { isDone: true });
  const error = new Error(REASONS.worker_crashed);
  const ended = claimed.filter(({ recipientRun }) => saved.has(recipientRun.id));
  const failures = ended.map((run) => ({ claimed: run, error, hasEnded: true, isCommon: false, attempt }));
  return { advances, reached: now, saved, batchDecisions, caused: [caused], failures };
}

interface AdvanceOptions {
  /** The token of the claim. */
  token: string;
  now: number;
  signal?: AbortSignal | undefined;
  /** The clock that moves to the work. Absent if only work that is due at `now` was claimed. */
  clock?: MovingClock | undefined;
}

/**
 * Advances claimed runs and saves them in one transaction. If one of them fails, the others are saved without it, and it is tried
 * again after {@link RETRY_MS} or ends as failed.
 */
export async function advanceDueRuns(
  context: Context,
  claimed: readonly ClaimedRun[],
  { token, now, signal, clock }: AdvanceOptions,
): Promise<AdvancedRuns> {
  const { store } = context;
  const deathsAlone = store.getDeathsAlone(token);
  if (hasFailedAlone(deathsAlone)) return failCrashedRuns(context, claimed, token, now);
  const { advances, reached, failed } = await advanceInParts(context, claimed, now, signal);
  const setting = reached > now ? clock?.reach(reached) : undefined;
  const saved = new Set<string>();
  const batchDecisions = new Map<string, BatchDecision>();
  const caused: CausedWork[] = [];
  const save: (part: readonly AdvancedClaimedRun[]) => Promise<void> = async (part) => {
    const keepsClaim = failed.length > 0 || part.length < advances.length;
    const result = await store.saveAdvances(part.map(toSavedAdvance), token, reached, { clock: setting, keepsClaim });
    for (const id of result.saved) saved.add(id);
    for (const [id, decision] of result.batchDecisions) batchDecisions.set(id, decision);
    caused.push(result.caused);
  };
  const unsaved = await doInParts(store, advances, save);
  context.workFailures.runs.recordSuccess(saved);
  if (deathsAlone !== null) await store.settleSuspected(token, { isDone: true });
  const unfinished = [...failed, ...unsaved.map(({ item, error }) => ({ item: item.claimed, error }))];
  if (unfinished.length === 0) return { advances, reached, saved, batchDecisions, caused, failures: [] };

  const isUnsaved = new Set(unsaved.map(({ item }) => item));
  const finished = advances.filter((advance) => !isUnsaved.has(advance));
  const failures: RunFailure[] = [];
  for (const { item, error } of unfinished) {
    const detail = getErrorMessage(error);
    const verdict = context.workFailures.runs.recordFailure(item.recipientRun.id, detail);
    if (verdict.hasEnded) {
      const advance = failClaimedRun(item, reached, { code: "internal_error", detail });
      await save([advance]);
      finished.push(advance);
      // Another worker has changed the run, which then has not failed here.
      if (!saved.has(item.recipientRun.id)) continue;
    }
    failures.push({ claimed: item, error, ...verdict });
  }
  const postponed = failures
    .filter(({ hasEnded }) => !hasEnded)
    .map(({ claimed: { recipientRun } }) => recipientRun.id);
  if (postponed.length > 0) await store.postponeRuns(postponed, reached + RETRY_MS, token);
  await store.releaseClaims([token]);
  return { advances: finished, reached, saved, batchDecisions, caused, failures };
}
