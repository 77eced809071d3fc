import { getManagedAudienceKey } from "../../domain/guide/guide.js";
import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import type { RunExecution } from "../execution/run-execution.js";
import { skipByConditions } from "../execution/skip-by-conditions.js";
import type { StepEffect } from "../execution/step-effect.js";

/**
 * Makes the run's user eligible for the guide, in the run's tenant, without creating a message (E-196). Preferences do
 * not apply (E-135), and there is no sandbox (E-208).
 */
export function executeInAppGuide(step: ChannelStep, execution: RunExecution): StepEffect {
  const base: StepOutcome = {
    ref: step.ref,
    type: "channel",
    channel_type: "in_app_guide",
    channel: step.channel_key,
    outcome: "passed",
    reason: null,
    message_id: null,
    message_status: null,
  };
  if (execution.batch?.total_activities === 0)
    return { outcome: { ...base, outcome: "skipped", reason: { code: "empty_batch", detail: null } } }; // E-281
  const unmet = skipByConditions(step, base, execution);
  if (unmet) return unmet;
  const { recipient } = execution.run;
  if (splitRecipientKey(recipient).collection !== USERS) {
    const reason = { code: "not_applicable", detail: "the recipient is not a user" } as const;
    return { outcome: { ...base, outcome: "skipped", reason } };
  }
  const { guide_key: guide } = step;
  if (guide === null) return { outcome: base, log: { guide_key: null } };
  const audience = { action: "add", key: getManagedAudienceKey(guide), tenant: execution.input.run.tenant } as const;
  return {
    outcome: { ...base, guide },
    upserts: [{ key: recipient, properties: {}, audience }],
    log: { action: "add", guide_key: guide, audience_key: audience.key },
  };
}
