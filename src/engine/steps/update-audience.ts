import { splitKey, USERS } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { UpdateAudienceStep } from "../../domain/steps/update-audience.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import type { EngineStep } from "./engine-step.js";

/** The run's user joins or leaves a static audience, in the run's tenant; visible from the next step on (E-332, E-389). */
function executeUpdateAudience(step: UpdateAudienceStep, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "update_audience", outcome: "passed", reason: null };
  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const { recipient } = advancing.run;
  if (splitKey(recipient).collection !== USERS) {
    const reason = { code: "not_applicable", detail: "the recipient is no user" } as const;
    return { outcome: { ...base, outcome: "skipped", reason }, error: true };
  }
  const { action, audience_key: key } = step.settings;
  const audience = { action, key, tenant: advancing.input.run.tenant };
  const { depth } = advancing.input.run.trigger_source;
  const upsert = { key: recipient, properties: {}, audience, ...(depth && { depth }) };
  return { outcome: base, upserts: [upsert], log: { action, audience_key: key } };
}

export const updateAudience: EngineStep<UpdateAudienceStep> = {
  execute: (step, _resumed, advancing) => executeUpdateAudience(step, advancing),
};
