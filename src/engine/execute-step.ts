import type { Step } from "../domain/workflow.js";
import type { Advancing, StepEffect } from "./advancing.js";
import { RenderError } from "./render/liquid.js";
import { executeAiAgent } from "./steps/ai-agent.js";
import { executeBatch } from "./steps/batch.js";
import { executeBranch } from "./steps/branch.js";
import { executeChannel } from "./steps/channel.js";
import { executeDelay } from "./steps/delay.js";
import { executeHttpFetch } from "./steps/http-fetch.js";
import { executeRandomCohort } from "./steps/random-cohort.js";
import { executeThrottle } from "./steps/throttle.js";
import { executeTriggerWorkflow } from "./steps/trigger-workflow.js";
import { executeUpdateAudience } from "./steps/update-audience.js";
import { executeUpdateData } from "./steps/update-data.js";
import { executeUpdateRecipient } from "./steps/update-recipient.js";
import { executeWaitForEvent } from "./steps/wait-for-event.js";

/** Attempts of a failing step before the run halts (E-164). */
const STEP_ATTEMPTS = 3;

function execute(step: Step, resumed: boolean, advancing: Advancing): StepEffect {
  switch (step.type) {
    case "channel":
      return executeChannel(step, advancing);
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

/** Runs a step, again where rendering fails, up to three times; then the step is failed and the run halts (E-164). */
export function executeStep(step: Step, resumed: boolean, advancing: Advancing): StepEffect {
  for (let attempts = 1; ; attempts++) {
    try {
      return execute(step, resumed, advancing);
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      if (attempts < STEP_ATTEMPTS) {
        advancing.event("step_retried", step, { error: error.message }, "error", attempts);
        continue;
      }
      advancing.event("step_failed", step, { error: error.message }, "error", attempts);
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
  }
}
