import type { Step } from "../../domain/step/step.js";
import { isChannelStep } from "../../domain/steps/channel-step.js";
import type { RunExecution, StepEffect } from "../execution/run-execution.js";
import { RenderError } from "../liquid/liquid.js";
import { getStepHandler } from "./step-handlers.js";

/** Attempts of a failing step until the run halts (E-164). */
const MAX_STEP_ATTEMPTS = 3;

/** The step is failed and the run halts, its events telling the attempts of E-164. */
function failStep(step: Step, error: RenderError, execution: RunExecution): StepEffect {
  for (let attempt = 1; attempt < MAX_STEP_ATTEMPTS; attempt++)
    execution.recordEvent("step_retried", step, { error: error.message }, "error", attempt);
  execution.recordEvent("step_failed", step, { error: error.message }, "error", MAX_STEP_ATTEMPTS);
  const channel = isChannelStep(step)
    ? { channel_type: step.channel_type ?? "", channel: step.channel_key, message_id: null, message_status: null }
    : {};
  return {
    haltsRun: true,
    outcome: {
      ref: step.ref,
      type: step.type,
      ...channel,
      outcome: "failed",
      reason: { code: "render_error", detail: error.message },
    },
  };
}

/**
 * Runs a step. One that cannot be rendered ends as the service's does after its attempts (E-164), but is not run again:
 * an advance depends on nothing but its input, so that a further attempt would only cost its time once more, two seconds
 * where a template runs into its limit. What may pass, a request that failed, is tried again by its own step (E-299).
 */
export function executeStep(step: Step, resumed: boolean, execution: RunExecution): StepEffect {
  try {
    return getStepHandler(step).execute(step, resumed, execution);
  } catch (error) {
    if (error instanceof RenderError) return failStep(step, error, execution);
    throw error;
  }
}
