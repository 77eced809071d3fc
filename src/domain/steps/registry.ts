import type { Step, StepType, StepTypes } from "../step/step.js";
import type { StepDefinition } from "../step/step-definition.js";
import { aiAgent } from "./ai-agent.js";
import { batch } from "./batch.js";
import { branch } from "./branch.js";
import { channel } from "./channel.js";
import { delay } from "./delay.js";
import { httpFetch } from "./http-fetch.js";
import { randomCohort } from "./random-cohort.js";
import { throttle } from "./throttle.js";
import { triggerWorkflow } from "./trigger-workflow.js";
import { updateAudience } from "./update-audience.js";
import { updateData } from "./update-data.js";
import { updateObject } from "./update-object.js";
import { updateTenant } from "./update-tenant.js";
import { updateUser } from "./update-user.js";
import { waitForEvent } from "./wait-for-event.js";

/** Every step type: the only list of them in the domain. The engine has one of its own, `engine/steps/registry.ts`. */
export const STEPS: { readonly [T in StepType]: StepDefinition<StepTypes[T]> } = {
  channel,
  branch,
  delay,
  batch,
  throttle,
  random_cohort: randomCohort,
  wait_for_event: waitForEvent,
  http_fetch: httpFetch,
  trigger_workflow: triggerWorkflow,
  update_data: updateData,
  update_user: updateUser,
  update_tenant: updateTenant,
  update_object: updateObject,
  update_audience: updateAudience,
  ai_agent: aiAgent,
};

/** Returns the definition of a step type by its name in a file or an outcome; undefined for an unknown name. */
export function findStepDefinition(type: unknown): StepDefinition | undefined {
  return typeof type === "string" && Object.hasOwn(STEPS, type)
    ? (STEPS[type as StepType] as StepDefinition)
    : undefined;
}

/** Returns the definition of a step's type. */
export function stepDefinition<S extends Step>({ type }: S): StepDefinition<S> {
  return STEPS[type] as unknown as StepDefinition<S>;
}
