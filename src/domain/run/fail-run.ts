import type { Workflow } from "../workflow/workflow.js";
import type { Reason } from "./outcome.js";
import { findStep } from "./step-path.js";
import type { RecipientRun } from "./workflow-run.js";

/** Returns a run that ended because knock itself could not continue it. The step at which it was is failed. */
export function failRun(run: RecipientRun, version: Workflow, at: number, error: string): RecipientRun {
  const reason: Reason = { code: "internal_error", detail: error };
  const waiting = run.steps.at(-1)?.outcome === "waiting" ? run.steps.at(-1) : undefined;
  const step = waiting ?? (run.position && findStep(version.steps, run.position)) ?? version.steps[0];
  const events = (["step_failed", "run_completed"] as const).map((event, index) => ({
    event,
    status: index === 0 ? ("error" as const) : ("ok" as const),
    step_ref: index === 0 ? (step?.ref ?? null) : null,
    step_type: index === 0 ? (step?.type ?? null) : null,
    attempt: 1,
    data: index === 0 ? { reason: reason.code } : null,
    at,
  }));
  const failed = step && { ref: step.ref, type: step.type, outcome: "failed" as const, reason };
  return {
    ...run,
    status: "completed",
    position: null,
    due_at: null,
    ...(run.wait ? { wait: null } : {}),
    ...(failed ? {} : { reason }),
    steps: [...(waiting ? run.steps.slice(0, -1) : run.steps), ...(failed ? [failed] : [])],
    events: [...run.events, ...events],
    error_count: run.error_count + 1,
    updated_at: at,
  };
}
