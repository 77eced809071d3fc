import * as z from "zod/mini";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { ChannelType } from "../message/message.js";
import { checkDocument } from "../schema/check-document.js";
import { describeType } from "../schema/describe-issue.js";
import { described, optional, rule } from "../schema/fields.js";
import type { Complain } from "../shape/complain.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";

/** Of push: which list of plain addresses goes with which list of devices, and the device's field. */
const PUSH_LISTS = [
  { plain: "tokens", field: "token" },
  { plain: "target_arns", field: "target_arn" },
] as const;

const FORMS: Partial<Record<ChannelType, readonly string[]>> = {
  push: ["tokens", "devices", "target_arns", "player_ids"],
  chat: ["connections", "token", "ms_teams_tenant_id"],
};

/**
 * A recipient's data for a channel, in every provider's form at once: which of them a channel takes is checked where its type
 * is known. Lists must not be null.
 */
export const channelDataSchema = once(() => {
  const text = (description: string) => described(optional(z.string()), description);
  const texts = (description: string) => described(z.optional(z.array(z.string())), description);
  const device = z
    .strictObject({
      token: text("The token of the device."),
      target_arn: text("The ARN of the device in Amazon SNS."),
      locale: text("The locale of the device."),
      timezone: text("The time zone of the device."),
    })
    .check(
      rule(({ token, target_arn }, fault) => {
        if ((token ?? target_arn ?? null) === null) fault([], "must have a token or a target_arn");
      }),
    );
  const connection = z.strictObject({
    access_token: text("The access token of the connection."),
    channel_id: text("The ID of the Slack channel."),
    channel_name: text("The name of the Slack channel."),
    user_id: text("The ID of the Slack user."),
    ms_teams_channel_id: text("The ID of the Microsoft Teams channel."),
    ms_teams_team_id: text("The ID of the Microsoft Teams team."),
    ms_teams_tenant_id: text("The ID of the Microsoft Entra tenant."),
    ms_teams_user_id: text("The ID of the Microsoft Teams user."),
    incoming_webhook: described(
      optional(z.strictObject({ url: described(z.string(), "The URL of the webhook.") })),
      "An incoming webhook.",
    ),
  });
  return z.strictObject({
    tokens: texts("Push: tokens of devices."),
    target_arns: texts("Push with Amazon SNS: ARNs of devices."),
    player_ids: texts("Push with OneSignal: IDs of players."),
    devices: described(z.optional(z.array(device)), "Push: devices."),
    connections: described(z.optional(z.array(connection)), "Chat: channels, users and webhooks."),
    token: described(
      optional(z.strictObject({ access_token: text("The access token.") })),
      "Chat: the access token of the connections that have none.",
    ),
    ms_teams_tenant_id: text("Chat with Microsoft Teams: the ID of the Microsoft Entra tenant."),
  });
});

/** Reports the faults of a channel's data; a channel of a known type has only its forms. Unknown keys are ignored. */
export function checkChannelData(
  data: JsonObject,
  path: PropertyKey[],
  fault: Complain,
  type: ChannelType | null = null,
): void {
  const forms = (type && FORMS[type]) ?? Object.values(FORMS).flat();
  if (!forms.some((name) => data[name] !== undefined && data[name] !== null)) {
    const reason = type && FORMS[type] ? `: the channel is of type ${type}` : "";
    fault(path, `must have one of ${forms.join(", ")}${reason}`);
  }
  checkDocument(channelDataSchema(), data, (at, message) => fault([...path, ...at], message));
}

/** The body of a channel data PUT: one provider form that fits the channel's type, where that is known. */
export function parseChannelData(body: unknown, type: ChannelType | null): JsonObject {
  checkJsonShape(body, "the channel data");
  return parseOrThrow("the channel data", (fault) => {
    const data = isJsonObject(body) ? body.data : undefined;
    if (isJsonObject(data)) checkChannelData(data, ["data"], fault, type);
    else fault(["data"], describeType("an object", data));
    return data as JsonObject;
  });
}

/** Returns channel data in its full form: addresses and devices, whichever was set, and a chat app's connections. */
export function fullChannelData(data: JsonObject): JsonObject {
  for (const { plain, field } of PUSH_LISTS) {
    const addresses = data[plain];
    const devices = Array.isArray(data.devices) ? data.devices.filter(isJsonObject) : undefined;
    if (devices?.some((device) => device[field] !== undefined)) {
      return {
        ...data,
        devices: devices.map((device): Json => ({ locale: null, timezone: null, ...device })),
        [plain]: devices.map((device) => device[field] ?? null),
      };
    }
    if (Array.isArray(addresses)) {
      return {
        ...data,
        devices: addresses.map((address): Json => ({ [field]: address, locale: null, timezone: null })),
      };
    }
  }
  const isChat = isJsonObject(data.token) || data.ms_teams_tenant_id !== undefined;
  return isChat ? { connections: [], ...data } : data;
}
