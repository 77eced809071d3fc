import { hasTrait } from "../../domain/message/channel-types.js";
import type { StepPreview } from "../../domain/run/step-preview.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import { createKsuid } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import { compileChannel } from "../channel/compile-channel.js";
import { createTracker } from "../channel/create-tracker.js";
import { executeChannel, resolveChannels } from "../channel/execute-channel.js";
import { executeInAppGuide } from "../channel/execute-in-app-guide.js";
import type { PreviewExecution } from "../execution/preview-execution.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type { StepHandler } from "./step-handler.js";

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
