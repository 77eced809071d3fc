import type { RecipientOutcome, TriggerOutcome } from "../../domain/run/outcome.js";
import type { RecipientRun } from "../../domain/run/workflow-run.js";
import type { ClockStore } from "../../ports/clock-store.js";
import type { DueStore } from "../../ports/due-store.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { WaitOptions } from "../../ports/operations.js";
import { OwnWork } from "../../ports/own-work.js";
import type { RunStore } from "../../ports/run-store.js";
import { type DueWorkStore, type EngineContext, getClockTime, readTime } from "../context/engine-context.js";
import { buildRecipientOutcomes, joinOutcomes } from "./build-trigger-outcome.js";
import { runDueWork } from "./run-due-work.js";

/** The interval at which a waiting caller checks whether another process has advanced its runs. */
const POLL_MS = 200;

/** Returns the milliseconds of real time until work is due, or null if none is pending or the clock is frozen. */
export async function readTimeUntilDue({ store }: EngineContext<ClockStore & DueStore>): Promise<number | null> {
  const [clock, due] = await Promise.all([store.readClock(), store.readNextDueAt()]);
  if (due === null) return null;
  const now = getClockTime(clock);
  if (due <= now) return 0;
  return clock.frozen_at === null ? due - now : null;
}

/** Runs the work of a trigger, and what that causes, until all its runs have ended or the time is up. */
export async function awaitOutcome(
  sharedContext: EngineContext<DueWorkStore>,
  started: TriggerOutcome,
  { timeout_ms, ownWork = new OwnWork(), onProgress, onTimeout, signal }: WaitOptions,
): Promise<TriggerOutcome> {
  const context = { ...sharedContext, ownWork };
  ownWork.add({ workflowRunIds: [started.workflow_run_id] });
  const unreached = (started.recipients ?? []).filter((recipient) => recipient.recipient_run_id === null).length;
  const deadline = timeout_ms === null ? Number.POSITIVE_INFINITY : context.realNow() + timeout_ms;
  for (;;) {
    await runDueWork(context, await readTime(context), { signal });
    const { runs, ended, hasEnded } = await context.store.countRuns(started.workflow_run_id);
    onProgress?.(ended + unreached, runs + unreached);
    const remainingMs = deadline - context.realNow();
    if (!hasEnded && remainingMs <= 0 && !signal?.aborted) onTimeout?.();
    if (hasEnded || remainingMs <= 0 || signal?.aborted) {
      const outcome = (await readOutcome(context, started.workflow_run_id)) ?? started;
      return started.replayed ? { ...outcome, replayed: true } : outcome;
    }
    // Work that is due now belongs to others, or another process has leased it.
    const due = (await readTimeUntilDue(context)) || POLL_MS;
    await context.sleep(Math.min(POLL_MS, remainingMs, due), signal);
  }
}

/** The runs that are read at once. More would only take more memory. */
const RUNS_PER_READ = 500;

/** Returns the outcomes of stored runs, in their order. */
export async function readRunOutcomes(
  { store }: EngineContext<MessageStore>,
  runs: readonly RecipientRun[],
): Promise<RecipientOutcome[]> {
  const steps = runs.flatMap((run) => run.steps);
  const ids = steps.flatMap((step) => step.message_ids ?? (step.message_id ? [step.message_id] : []));
  return buildRecipientOutcomes(runs, ids.length === 0 ? [] : await store.readOutcomeMessages(ids));
}

/** Returns the current outcome of a trigger, or null if the id is unknown. */
export async function readOutcome(
  { store }: EngineContext<RunStore>,
  workflowRunId: string,
): Promise<TriggerOutcome | null> {
  const stored = await store.readWorkflowRun(workflowRunId);
  if (stored === null) return null;
  const outcomes: RecipientOutcome[] = [];
  for (let after: number | null = null; ; ) {
    const { runs, messages, next } = await store.readOutcomeRuns(workflowRunId, after, RUNS_PER_READ);
    for (const outcome of buildRecipientOutcomes(runs, messages)) outcomes.push(outcome);
    if (next === null) return joinOutcomes(stored.run, outcomes, stored.unidentified);
    after = next;
  }
}
