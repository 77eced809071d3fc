import { managedAudienceOf } from "../../domain/guide/guide.js";
import { splitKey, USERS } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { ChannelStep } from "../../domain/steps/channel.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";

/**
 * The run's user may see the guide from here on, in the run's tenant; no message is made (E-196). Preferences are not asked
 * (E-135), and there is no sandbox (E-208).
 */
export function executeInAppGuide(step: ChannelStep, advancing: Advancing): StepEffect {
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
  if (advancing.batch?.total_activities === 0)
    return { outcome: { ...base, outcome: "skipped", reason: { code: "empty_batch", detail: null } } }; // E-281
  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const { recipient } = advancing.run;
  if (splitKey(recipient).collection !== USERS) {
    const reason = { code: "not_applicable", detail: "the recipient is no user" } as const;
    return { outcome: { ...base, outcome: "skipped", reason } };
  }
  const { guide_key: guide } = step;
  if (guide === null) return { outcome: base, log: { guide_key: null } };
  const audience = { action: "add", key: managedAudienceOf(guide), tenant: advancing.input.run.tenant } as const;
  return {
    outcome: { ...base, guide },
    upserts: [{ key: recipient, properties: {}, audience }],
    log: { action: "add", guide_key: guide, audience_key: audience.key },
  };
}
