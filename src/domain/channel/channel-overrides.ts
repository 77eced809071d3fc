import * as z from "zod/mini";
import { once } from "../../util/once.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { CHANNEL_TYPE_DEFINITIONS, type ChannelType } from "../message/channel-types.js";
import { flag, named, text } from "../schema/fields.js";

/**
 * The schema of the overrides of all channel types. Overrides of another type are errors, unknown ones are warnings
 * (E-178, F-026).
 */
export const channelOverridesSchema = once(() =>
  named(
    z.strictObject({
      to_address: text("Email: the address that the message is sent to. Liquid."),
      from_address: text("Email: the address of the sender. Liquid.", "hello@example.com"),
      from_name: text("Email: the name of the sender. Liquid."),
      cc_address: text("Email: the CC addresses. Liquid.", "{{ data.manager_email }}"),
      bcc_address: text("Email: the BCC addresses. Liquid.", "archive@example.com"),
      reply_to_address: text("Email: the reply-to address. Liquid."),
      json_overrides: text("Email: JSON that is merged into the provider's request. Liquid."),
      link_tracking: flag("Whether links are tracked (default: as the channel)."),
      open_tracking: flag("Email: whether opens are tracked (default: as the channel)."),
      token_deregistration: flag("Push: whether invalid tokens are removed (default: as the channel)."),
      email_based_user_id_resolution: flag(
        "Chat: whether Slack users are found by their email address (default: as the channel).",
      ),
    }),
    "channel_overrides",
  ),
);

const isSet = (value: unknown): boolean => value !== null && value !== undefined && value !== "";

/** Reports overrides that other channel types have and that have no effect on this one. */
export function checkChannelOverrides(overrides: object, type: ChannelType, report: ReportFinding): void {
  for (const [name, value] of Object.entries(overrides)) {
    if (isSet(value) && !CHANNEL_TYPE_DEFINITIONS[type].overrides.includes(name))
      report(["channel_overrides", name], `has no effect on a step of type ${type}`);
  }
}
