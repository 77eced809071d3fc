import * as z from "zod/mini";
import { CHANNEL_TYPES } from "../../domain/message/channel-types.js";
import { DELIVERY_STATUSES } from "../../domain/message/message.js";
import { described } from "../../domain/schema/fields.js";
import {
  definition,
  flagField,
  jsonObject,
  jsonObjectOrNull,
  textField,
  textOrNull,
} from "../../domain/schema/output-fields.js";
import { deliveryLogSchema } from "../../output/documents/messages.js";

/** Whether a channel sends messages, or what its messages are instead. */
const DELIVERY_MODES = ["delivering", "sandboxed", "stored", "not configured"] as const;

const problemSchema = z.object({
  setting: textField("The setting; empty if the problem is about several."),
  problem: textField("The problem with the setting."),
});

/** A channel of `environment.json`. */
export const channelSchema = definition(
  "project_channel",
  z.object({
    key: textField("The channel's key."),
    type: described(z.nullable(z.enum(CHANNEL_TYPES)), "The channel type; null if no file names it."),
    provider: textOrNull("The provider, or null."),
    delivery: described(
      z.enum(DELIVERY_MODES),
      "Whether messages are sent: delivering; sandboxed (rendered and stored); stored (in a feed); or not configured in this environment.",
    ),
    missing_variables: described(z.array(z.string()), "Environment variables that settings name and that are not set."),
    problems: described(z.array(problemSchema), "Settings that prevent a delivery."),
  }),
);
export type ChannelView = z.infer<typeof channelSchema>;

export const channelDetailsSchema = z.extend(channelSchema, {
  settings: jsonObject("The settings. Secrets are names of environment variables."),
  capabilities: jsonObjectOrNull("The abilities of the provider, or null for an unknown one."),
  documentation: textOrNull("The URL of the vendor's documentation, or null."),
  webhook_path: textOrNull("The path of the API to which the vendor reports the status, or null."),
});
export type ChannelDetails = z.infer<typeof channelDetailsSchema>;

export const channelTestSchema = z.object({
  channel: textField("The channel's key."),
  provider: textField("The provider."),
  reason: textOrNull("Why no message was created or delivered, or null."),
  is_status_pending: flagField("Whether the time to wait passed before the provider reported the status."),
  messages: described(
    z.array(
      z.object({
        id: textField("The message's ID."),
        status: described(z.enum(DELIVERY_STATUSES), "The delivery status."),
        delivery_logs: described(z.array(deliveryLogSchema), "The requests to the provider, oldest first."),
      }),
    ),
    "The messages: one for each device or connection.",
  ),
});
export type ChannelTest = z.infer<typeof channelTestSchema>;
