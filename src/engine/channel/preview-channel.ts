import type { StepPreview } from "../../domain/run/step-preview.js";
import type { ChannelStep } from "../../domain/steps/channel.js";
import { ksuid } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { Previewing } from "../advancing/previewing.js";
import { RenderError } from "../liquid/liquid.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import { channelsOf } from "./channel.js";
import { trackingOf } from "./tracking.js";

/** Renders a channel step: a preview per channel that it would use. */
export function previewChannel(step: ChannelStep, advancing: Previewing): StepPreview[] {
  const base = { ref: step.ref, channel_type: step.channel_type ?? "", warnings: [] };
  const channels = channelsOf(step, advancing);
  if (!Array.isArray(channels)) return [{ ...base, channel: null, contents: [], reason: channels.skip }];
  const { scope, parties, input } = advancing;
  const renderer = input.compiled.renderers.get(step.ref) as ChannelRenderer;
  return channels.map((channel): StepPreview => {
    const shown = { ...base, channel: channel.key };
    const warn = (text: string): void => advancing.warn(text);
    const context = { scope, recipient: parties.recipient, tenant: parties.tenant, channel, warn };
    advancing.warned.clear();
    const at = isoTime(input.now);
    scope.current_message = { id: ksuid(input.now, input.ids.bytes()), inserted_at: at, updated_at: at };
    try {
      trackingOf(step, channel, input, warn); // nobody can click a preview: only mistakes are reported
      const destinations = renderer.destinations(context);
      const contents = destinations.map((destination) => renderer.render(context, destination));
      const missing = { code: "missing_recipient_data", detail: renderer.needs } as const;
      const reason = contents.length === 0 ? missing : null;
      return {
        ...shown,
        contents,
        reason,
        warnings: [...advancing.warned, ...advancing.tools.checkVariables(step.ref, scope)],
      };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      return { ...shown, contents: [], reason: { code: "render_error", detail: error.message } };
    }
  });
}
