import type { TriggerOutcome } from "../../domain/run/outcome.js";
import { hasEndedStatus } from "../../domain/run/run-status.js";
import type { WaitOptions } from "../../ports/operations.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import type { OwnWork } from "../context/own-work.js";
import { readOutcome } from "./read-outcome.js";
import { readTimeUntilDue } from "./read-time-until-due.js";
import { runDueWork } from "./run-due-work.js";

/** The interval at which a waiting caller checks whether another process has advanced its runs. */
const POLL_MS = 200;

/** Runs the work of a trigger, and what that causes, until all its runs have ended or the time is up. */
export async function awaitOutcome(
  context: EngineContext<DueWorkStore> & { ownWork: OwnWork },
  started: TriggerOutcome,
  { timeout_ms, onProgress, onTimeout, signal }: WaitOptions,
): Promise<TriggerOutcome> {
  context.ownWork.add({ workflowRunIds: [started.workflow_run_id] });
  const deadline = timeout_ms === null ? Number.POSITIVE_INFINITY : context.realNow() + timeout_ms;
  for (;;) {
    await runDueWork(context, await readTime(context), { signal });
    const outcome = (await readOutcome(context, started.workflow_run_id)) ?? started;
    const runs = outcome.recipients ?? [];
    const open = runs.filter(({ status }) => status !== null && !hasEndedStatus(status)).length;
    const queued = runs.some((run) => run.steps.some((step) => step.outcome === "queued"));
    onProgress?.(runs.length - open, runs.length);
    const remainingMs = deadline - context.realNow();
    const hasEnded = open === 0 && !queued;
    if (!hasEnded && remainingMs <= 0 && !signal?.aborted) onTimeout?.();
    if (hasEnded || remainingMs <= 0 || signal?.aborted)
      return started.replayed ? { ...outcome, replayed: true } : outcome;
    // Work that is due now belongs to others, or another process has leased it.
    const due = (await readTimeUntilDue(context)) || POLL_MS;
    await context.sleep(Math.min(POLL_MS, remainingMs, due), signal);
  }
}
