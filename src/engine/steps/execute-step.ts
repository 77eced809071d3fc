import type { Step } from "../../domain/step/step.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { executeChannel } from "../channel/channel.js";
import { RenderError } from "../liquid/liquid.js";
import { executeAiAgent } from "./ai-agent.js";
import { executeBatch } from "./batch.js";
import { executeBranch } from "./branch.js";
import { executeDelay } from "./delay.js";
import { executeHttpFetch } from "./http-fetch.js";
import { executeInAppGuide } from "./in-app-guide.js";
import { executeRandomCohort } from "./random-cohort.js";
import { executeThrottle } from "./throttle.js";
import { executeTriggerWorkflow } from "./trigger-workflow.js";
import { executeUpdateAudience } from "./update-audience.js";
import { executeUpdateData } from "./update-data.js";
import { executeUpdateRecipient } from "./update-recipient.js";
import { executeWaitForEvent } from "./wait-for-event.js";

/** Attempts of a failing step until the run halts (E-164). */
const STEP_ATTEMPTS = 3;

function execute(step: Step, resumed: boolean, advancing: Advancing): StepEffect {
  switch (step.type) {
    case "channel":
      return step.channel_type === "in_app_guide"
        ? executeInAppGuide(step, advancing)
        : executeChannel(step, advancing);
    case "delay":
      return executeDelay(step, resumed, advancing);
    case "branch":
      return executeBranch(step, advancing);
    case "batch":
      return executeBatch(step, resumed, advancing);
    case "throttle":
      return executeThrottle(step, advancing);
    case "http_fetch":
      return executeHttpFetch(step, resumed, advancing);
    case "ai_agent":
      return executeAiAgent(step, resumed, advancing);
    case "random_cohort":
      return executeRandomCohort(step, advancing);
    case "trigger_workflow":
      return executeTriggerWorkflow(step, advancing);
    case "update_data":
      return executeUpdateData(step, advancing);
    case "update_user":
    case "update_tenant":
    case "update_object":
      return executeUpdateRecipient(step, advancing);
    case "update_audience":
      return executeUpdateAudience(step, advancing);
    case "wait_for_event":
      return executeWaitForEvent(step, resumed, advancing);
  }
}

/** The step is failed and the run halts, its events telling the attempts of E-164. */
function failedStep(step: Step, error: RenderError, advancing: Advancing): StepEffect {
  for (let attempt = 1; attempt < STEP_ATTEMPTS; attempt++)
    advancing.event("step_retried", step, { error: error.message }, "error", attempt);
  advancing.event("step_failed", step, { error: error.message }, "error", STEP_ATTEMPTS);
  const channel =
    step.type === "channel"
      ? { channel_type: step.channel_type ?? "", channel: step.channel_key, message_id: null, message_status: null }
      : {};
  return {
    halt: true,
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
export function executeStep(step: Step, resumed: boolean, advancing: Advancing): StepEffect {
  try {
    return execute(step, resumed, advancing);
  } catch (error) {
    if (error instanceof RenderError) return failedStep(step, error, advancing);
    throw error;
  }
}
