import { getManagedAudienceKey } from "../../domain/guide/guide.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { StepPreview } from "../../domain/run/step-preview.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import { createKsuid } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import { compileChannel } from "../channel/compile-channel.js";
import { createTracker } from "../channel/create-tracker.js";
import { executeChannel, resolveChannels } from "../channel/execute-channel.js";
import type { PreviewExecution } from "../execution/preview-execution.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type { StepHandler } from "./step-handler.js";

/**
 * Makes the run's user eligible for the guide, in the run's tenant, without creating a message (E-196). Preferences do
 * not apply (E-135), and there is no sandbox (E-208).
 */
function executeInAppGuide(step: ChannelStep, execution: RunExecution): StepEffect {
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
  const unmet = execution.skipByConditions(step, base);
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

/** Renders a channel step. Returns one preview for each channel that it would use. */
function previewChannel(step: ChannelStep, execution: PreviewExecution): StepPreview[] {
  const base = { ref: step.ref, channel_type: step.channel_type ?? "", warnings: [] };
  const channels = resolveChannels(step, execution);
  if (!Array.isArray(channels)) return [{ ...base, channel: null, contents: [], reason: channels.reason }];
  const { scope, parties, input } = execution;
  const renderer = input.compiled.renderers.get(step.ref) as ChannelRenderer;
  return channels.map((channel): StepPreview => {
    const preview = { ...base, channel: channel.key };
    const warn = (text: string): void => execution.warn(text);
    const context = { scope, recipient: parties.recipient, tenant: parties.tenant, channel, warn };
    execution.previewWarnings.clear();
    const at = toIsoTime(input.now);
    scope.current_message = { id: createKsuid(input.now, input.ids.ksuidPayload()), inserted_at: at, updated_at: at };
    try {
      createTracker(step, channel, input, warn); // called for its warnings: a preview has no tracked links
      const contents = renderWithinLimit(() =>
        renderer.resolveDestinations(context).map((destination) => renderer.render(context, destination)),
      );
      const missing = { code: "missing_recipient_data", detail: renderer.missingData } as const;
      const reason = contents.length === 0 ? missing : null;
      return {
        ...preview,
        contents,
        reason,
        warnings: [...execution.previewWarnings, ...execution.tools.checkVariables(step.ref, scope)],
      };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      return { ...preview, contents: [], reason: { code: "render_error", detail: error.message } };
    }
  });
}

const isGuide = ({ channel_type }: ChannelStep): boolean => hasTrait(channel_type, "isGuide");

export const channelHandler: StepHandler<ChannelStep> = {
  compile: compileChannel,
  needsTimeWindows: ({ send_windows }) => send_windows !== null,
  execute: (step, _resumed, execution) =>
    isGuide(step) ? executeInAppGuide(step, execution) : executeChannel(step, execution),
  getPreviewMode: (step) => (isGuide(step) ? undefined : "always"),
  preview: previewChannel,
};
