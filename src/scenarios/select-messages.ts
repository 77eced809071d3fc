import { findChannelType } from "../domain/message/channel-types.js";
import type { MessageFilter } from "./expectation-schema.js";
import type { ObservedMessage } from "./observed.js";

/** Returns whether a message has all properties of a filter. A channel is its key, its type, or the type's short name. */
export function isSelected(message: ObservedMessage, { to, channel, step, workflow, tenant }: MessageFilter): boolean {
  return (
    (!to || message.to === to) &&
    (!channel ||
      message.channel.key === channel ||
      message.channel.type === channel ||
      findChannelType(message.channel.type)?.alias === channel) &&
    (!step || message.step === step) &&
    (!workflow || message.workflow === workflow) &&
    (!tenant || message.tenant === tenant)
  );
}

/** Returns a filter in words. */
export function describeFilter({ to, channel, step, workflow, tenant }: MessageFilter): string {
  const parts = [channel ?? "", step ?? "", to && `to ${to}`, workflow && `of ${workflow}`, tenant && `for ${tenant}`];
  return parts.filter(Boolean).join(" ") || "any message";
}
