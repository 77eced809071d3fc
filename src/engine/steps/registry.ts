import type { Step, StepType, StepTypes } from "../../domain/step/step.js";
import { aiAgent } from "./ai-agent.js";
import { batch } from "./batch.js";
import { branch } from "./branch.js";
import { channel } from "./channel.js";
import { delay } from "./delay.js";
import type { EngineStep } from "./engine-step.js";
import { httpFetch } from "./http-fetch.js";
import { randomCohort } from "./random-cohort.js";
import { throttle } from "./throttle.js";
import { triggerWorkflow } from "./trigger-workflow.js";
import { updateAudience } from "./update-audience.js";
import { updateData } from "./update-data.js";
import { updateRecipient } from "./update-recipient.js";
import { waitForEvent } from "./wait-for-event.js";

/** Every step type: the only list of them in the engine. */
export const ENGINE_STEPS: { readonly [T in StepType]: EngineStep<StepTypes[T]> } = {
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
  update_user: updateRecipient,
  update_tenant: updateRecipient,
  update_object: updateRecipient,
  update_audience: updateAudience,
  ai_agent: aiAgent,
};

/** Returns how the engine handles a step. */
export function engineStep<S extends Step>({ type }: S): EngineStep<S> {
  return ENGINE_STEPS[type] as unknown as EngineStep<S>;
}
