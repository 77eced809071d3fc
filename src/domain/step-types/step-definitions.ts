import type { Step, StepType, StepTypes } from "../step/step.js";
import type { StepDefinition } from "../step/step-definition.js";
import { aiAgentStep } from "./ai-agent-step.js";
import { batchStep } from "./batch-step.js";
import { branchStep } from "./branch-step.js";
import { channelStep } from "./channel-step.js";
import { delayStep } from "./delay-step.js";
import { httpFetchStep } from "./http-fetch-step.js";
import { randomCohortStep } from "./random-cohort-step.js";
import { throttleStep } from "./throttle-step.js";
import { triggerWorkflowStep } from "./trigger-workflow-step.js";
import { updateAudienceStep } from "./update-audience-step.js";
import { updateDataStep } from "./update-data-step.js";
import { updateObjectStep, updateTenantStep, updateUserStep } from "./update-recipient-steps.js";
import { waitForEventStep } from "./wait-for-event-step.js";

/** All step types. The domain has no other list of them, and the engine has one in `engine/steps/step-handlers.ts`. */
export const STEP_DEFINITIONS: { readonly [T in StepType]: StepDefinition<StepTypes[T]> } = {
  channel: channelStep,
  branch: branchStep,
  delay: delayStep,
  batch: batchStep,
  throttle: throttleStep,
  random_cohort: randomCohortStep,
  wait_for_event: waitForEventStep,
  http_fetch: httpFetchStep,
  trigger_workflow: triggerWorkflowStep,
  update_data: updateDataStep,
  update_user: updateUserStep,
  update_tenant: updateTenantStep,
  update_object: updateObjectStep,
  update_audience: updateAudienceStep,
  ai_agent: aiAgentStep,
};

/** Returns the definition of a step type by its name in a file or an outcome, or undefined for an unknown name. */
export function findStepDefinition(type: unknown): StepDefinition | undefined {
  return typeof type === "string" && Object.hasOwn(STEP_DEFINITIONS, type)
    ? STEP_DEFINITIONS[type as StepType]
    : undefined;
}

/** Returns the definition of a step's type. */
export function getStepDefinition<S extends Step>({ type }: S): StepDefinition<S> {
  return STEP_DEFINITIONS[type] as StepDefinition<S>;
}
