import type { Step, StepType, StepTypes } from "../../domain/step/step.js";
import { aiAgentHandler } from "./ai-agent-handler.js";
import { batchHandler } from "./batch-handler.js";
import { branchHandler } from "./branch-handler.js";
import { channelHandler } from "./channel-handler.js";
import { delayHandler } from "./delay-handler.js";
import { httpFetchHandler } from "./http-fetch-handler.js";
import { randomCohortHandler } from "./random-cohort-handler.js";
import type { StepHandler } from "./step-handler.js";
import { throttleHandler } from "./throttle-handler.js";
import { triggerWorkflowHandler } from "./trigger-workflow-handler.js";
import { updateAudienceHandler } from "./update-audience-handler.js";
import { updateDataHandler } from "./update-data-handler.js";
import { updateRecipientHandler } from "./update-recipient-handler.js";
import { waitForEventHandler } from "./wait-for-event-handler.js";

/** The handlers of all step types. */
export const STEP_HANDLERS: { readonly [T in StepType]: StepHandler<StepTypes[T]> } = {
  channel: channelHandler,
  branch: branchHandler,
  delay: delayHandler,
  batch: batchHandler,
  throttle: throttleHandler,
  random_cohort: randomCohortHandler,
  wait_for_event: waitForEventHandler,
  http_fetch: httpFetchHandler,
  trigger_workflow: triggerWorkflowHandler,
  update_data: updateDataHandler,
  update_user: updateRecipientHandler,
  update_tenant: updateRecipientHandler,
  update_object: updateRecipientHandler,
  update_audience: updateAudienceHandler,
  ai_agent: aiAgentHandler,
};

/** Returns the handler of a step. */
export function getStepHandler<S extends Step>({ type }: S): StepHandler<S> {
  return STEP_HANDLERS[type] as StepHandler<S>;
}
