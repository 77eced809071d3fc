import type { Step } from "../../domain/step/step.js";
import { isChannelStep } from "../../domain/steps/channel-step.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { renderInSharedLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import { getStepHandler } from "./step-handlers.js";

/** The attempts of a failing step before the run halts (E-164). */
const MAX_STEP_ATTEMPTS = 3;

/** Fails a step and halts the run, with events for the attempts of E-164. */
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
 * Executes a step. If a template cannot be rendered, the step fails with the events of all the service's attempts
 * (E-164) but is not repeated: an advance depends only on its input, so another attempt would have the same result, and
 * take two seconds if a template reaches its limit. Failed requests are retried by their own step (E-299).
 */
export function executeStep(step: Step, resumed: boolean, execution: RunExecution): StepEffect {
  const { renderPart = renderInSharedLimit } = execution.input;
  try {
    return renderPart(() => getStepHandler(step).execute(step, resumed, execution));
  } catch (error) {
    if (error instanceof RenderError) return failStep(step, error, execution);
    throw error;
  }
}
