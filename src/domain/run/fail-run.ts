import { toIsoTime } from "../../util/iso-time.js";
import type { Workflow } from "../workflow/workflow.js";
import type { Reason } from "./outcome.js";
import type { RunStatus } from "./run-status.js";
import { findStep } from "./step-path.js";
import type { RecipientRun, RunEvent } from "./workflow-run.js";

/** The reason of work that ends each process that does it. */
export const WORKER_CRASHED: Reason = { code: "worker_crashed", detail: null };

/**
 * Returns a run that an error prevents from continuing. The step at which it was is failed. The run keeps its position and what it
 * waited for, so that {@link retryRun} continues it there.
 */
export function failRun(run: RecipientRun, version: Workflow, at: number, reason: Reason): RecipientRun {
  const waiting = run.steps.at(-1)?.outcome === "waiting" ? run.steps.at(-1) : undefined;
  const step = waiting ?? (run.position && findStep(version.steps, run.position)) ?? version.steps[0];
  const failed = step && { ref: step.ref, type: step.type, outcome: "failed" as const, reason };
  return {
    ...run,
    status: "failed",
    due_at: null,
    // A wait that has seen events is not begun again when it is saved.
    ...(run.wait ? { wait: { ...run.wait, seen: run.wait.seen ?? 0 } } : {}),
    ...(failed ? {} : { reason }),
    steps: [...(waiting ? run.steps.slice(0, -1) : run.steps), ...(failed ? [failed] : [])],
    events: [
      ...run.events,
      {
        event: "step_failed",
        status: "error",
        step_ref: step?.ref ?? null,
        step_type: step?.type ?? null,
        attempt: 1,
        data: { reason: reason.code, status: run.status },
        at,
      },
    ],
    error_count: run.error_count + 1,
    updated_at: at,
  };
}

/** Returns a failed run that is due again at the step that failed, or null if the run is not failed. */
export function retryRun(run: RecipientRun, at: number): RecipientRun | null {
  if (run.status !== "failed") return null;
  const failure = run.events.findLast(({ event }) => event === "step_failed");
  const status = (failure?.data?.status ?? "processing") as RunStatus;
  const hasFailedStep = run.reason === null;
  const [last] = run.steps.slice(-1);
  const waiting = status === "paused" && last && { ...last, outcome: "waiting" as const, reason: null };
  const event: RunEvent = {
    event: "step_retried",
    status: "ok",
    step_ref: failure?.step_ref ?? null,
    step_type: failure?.step_type ?? null,
    attempt: 1,
    data: null,
    at,
  };
  return {
    ...run,
    status,
    due_at: at,
    reason: null,
    steps: [
      ...(hasFailedStep ? run.steps.slice(0, -1) : run.steps),
      ...(waiting ? [{ ...waiting, until: toIsoTime(at) }] : []),
    ],
    events: [...run.events, event],
    updated_at: at,
  };
}
