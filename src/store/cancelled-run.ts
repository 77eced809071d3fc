import type { ReasonCode } from "../domain/run/outcome.js";
import type { RecipientRun } from "../domain/run/workflow-run.js";

/** Whether a cancellation still reaches it (E-355, E-357). */
export function isCancellable(run: RecipientRun): boolean {
  return run.status !== "completed" && run.status !== "cancelled";
}

/** A run as a cancellation leaves it, its waiting step cancelled with it (E-356). Messages already made stay as they are (E-363). */
export function cancelledRun(run: RecipientRun, at: number, code: ReasonCode = "cancelled"): RecipientRun {
  const waiting = run.steps.find((step) => step.outcome === "waiting");
  return {
    ...run,
    status: "cancelled",
    position: null,
    due_at: null,
    steps: run.steps.map((step) =>
      step.outcome === "waiting"
        ? { ...step, outcome: "cancelled", reason: { code, detail: null }, until: null }
        : step,
    ),
    events: [
      ...run.events,
      {
        event: "run_cancelled",
        status: "ok",
        step_ref: waiting?.ref ?? null,
        step_type: waiting?.type ?? null,
        attempt: 1,
        data: { reason: code },
        at,
      },
    ],
    updated_at: at,
  };
}
