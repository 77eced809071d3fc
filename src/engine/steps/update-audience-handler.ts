import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { UpdateAudienceStep } from "../../domain/step-types/update-audience-step.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { StepHandler } from "./step-handler.js";

/**
 * Adds the run's user to a static audience, or removes them, in the run's tenant. Visible from the next step on (E-332,
 * E-389).
 */
function executeUpdateAudience(step: UpdateAudienceStep, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "update_audience", outcome: "passed", reason: null };
  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const { recipient } = execution.run;
  if (splitRecipientKey(recipient).collection !== USERS) {
    const reason = { code: "not_applicable", detail: "the recipient is not a user" } as const;
    return { outcome: { ...base, outcome: "skipped", reason }, isError: true };
  }
  const { action, audience_key: key } = step.settings;
  const audience = { action, key, tenant: execution.input.run.tenant };
  const { depth } = execution.input.run.trigger_source;
  const upsert = { key: recipient, properties: {}, audience, ...(depth && { depth }) };
  return {
    outcome: base,
    upserts: [upsert],
    log: { action, audience_key: key, was_member: execution.isAudienceMember(key) },
  };
}

export const updateAudienceHandler: StepHandler<UpdateAudienceStep> = {
  execute: (step, _resumed, execution) => executeUpdateAudience(step, execution),
};
