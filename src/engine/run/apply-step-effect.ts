import { getNextPath } from "../../domain/run/step-path.js";
import type { StepPath } from "../../domain/run/workflow-run.js";
import type { Step } from "../../domain/step/step.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";

/** Records the effect of a step. Returns the path to continue with, null at the end, or undefined if the run pauses. */
export function applyStepEffect(
  effect: StepEffect,
  step: Step,
  path: StepPath,
  execution: RunExecution,
): StepPath | null | undefined {
  const { run } = execution;
  const previous = run.steps.at(-1);
  if (previous?.outcome === "waiting" && previous.ref === step.ref) run.steps.pop();
  run.steps.push(effect.outcome);
  const log = execution.drainEventData(effect);
  for (const message of effect.messages ?? []) {
    execution.messages.push(message);
    execution.recordEvent("message_enqueued", step, { channel_type: message.channel.type, message_id: message.id });
  }
  if (effect.data) run.data = effect.data;
  if (effect.upserts) execution.applyUpserts(effect.upserts);
  if (effect.trigger) execution.triggers.push(effect.trigger);
  if (effect.data || effect.upserts || effect.outcome.matched !== undefined) execution.invalidateScopes();
  if (effect.wait) {
    run.status = "paused";
    run.position = path;
    run.due_at = effect.wait.until;
    run.wait = effect.wait.event ?? null;
    execution.recordEvent("run_paused", step, { until: toIsoTime(effect.wait.until), ...log });
    return undefined;
  }
  const { outcome, reason } = effect.outcome;
  if (outcome === "skipped")
    execution.recordEvent(
      "step_skipped",
      step,
      { reason: toEventReason(reason?.code), detail: reason?.detail ?? null, ...log },
      reason?.code === "invalid_window" || effect.isError ? "error" : "ok",
    );
  else if (outcome === "failed" && effect.isError) execution.recordEvent("step_failed", step, log, "error");
  else if (outcome === "halted") execution.recordEvent("run_halted", step, { reason: reason?.code ?? null, ...log });
  else if (outcome !== "failed") execution.recordEvent("step_completed", step, log);
  if (effect.cancelsRun) {
    Object.assign(run, { status: "cancelled", position: null });
    execution.recordEvent("run_cancelled", step, { reason: reason?.code ?? null });
    return undefined;
  }
  if (effect.haltsRun) return null;
  return effect.branchIndex === undefined ? getNextPath(path) : [...path, effect.branchIndex, 0];
}

/** Returns the catalog's name for the reason of a skipped step (EQ-04). */
function toEventReason(code: string | undefined): string {
  const names: Record<string, string> = {
    condition: "conditions_failed",
    preference: "recipient_opted_out",
    skip_delay: "delay_skipped_by_settings",
  };
  return names[code ?? ""] ?? code ?? "unknown";
}

/** Records that a run has executed all of its steps. */
export function completeRun(execution: RunExecution): void {
  const { run } = execution;
  run.status = "completed";
  run.position = null;
  run.due_at = null;
  execution.recordEvent("run_completed");
}
