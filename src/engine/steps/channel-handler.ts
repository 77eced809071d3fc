import { hasTrait } from "../../domain/message/channel-types.js";
import type { ChannelStep } from "../../domain/steps/channel-step.js";
import { compileChannel } from "../channel/compile-channel.js";
import { executeChannel } from "../channel/execute-channel.js";
import { executeInAppGuide } from "../channel/execute-in-app-guide.js";
import { previewChannel } from "../channel/preview-channel.js";
import type { StepHandler } from "./step-handler.js";

const isGuide = ({ channel_type }: ChannelStep): boolean => hasTrait(channel_type, "isGuide");

export const channelHandler: StepHandler<ChannelStep> = {
  compile: compileChannel,
  needsTimeWindows: ({ send_windows }) => send_windows !== null,
  execute: (step, _resumed, execution) =>
    isGuide(step) ? executeInAppGuide(step, execution) : executeChannel(step, execution),
  getPreviewMode: (step) => (isGuide(step) ? undefined : "always"),
  preview: previewChannel,
};
