import { hasTrait } from "../../domain/message/channel-types.js";
import type { ChannelStep } from "../../domain/steps/channel.js";
import { executeChannel } from "../channel/channel.js";
import { compileChannel } from "../channel/compile-channel.js";
import { executeInAppGuide } from "../channel/in-app-guide.js";
import { previewChannel } from "../channel/preview-channel.js";
import type { EngineStep } from "./engine-step.js";

const isGuide = ({ channel_type }: ChannelStep): boolean => hasTrait(channel_type, "isGuide");

export const channel: EngineStep<ChannelStep> = {
  compile: compileChannel,
  needsTime: ({ send_windows }) => send_windows !== null,
  execute: (step, _resumed, advancing) =>
    isGuide(step) ? executeInAppGuide(step, advancing) : executeChannel(step, advancing),
  previews: (step) => (isGuide(step) ? undefined : "always"),
  preview: previewChannel,
};
