import type { ChannelType } from "../../src/domain/message/channel-types.js";
import type { Json, JsonObject } from "../../src/util/json.js";

type Extra = Record<string, Json | undefined>;

function buildChannelStep(
  ref: string,
  type: ChannelType,
  key: string,
  template: JsonObject,
  extra: Extra = {},
): JsonObject {
  return { ref, type: "channel", channel_type: type, channel_key: key, template, ...(extra as JsonObject) };
}

/** Builds steps from the short forms that the catalog uses. */
export const step = {
  email: (subject = "S", body = "B", extra: Extra = {}, key = "mail", ref = "email_1") =>
    buildChannelStep(ref, "email", key, { subject, html_body: body, settings: {} }, extra),
  feed: (body = "F", extra: Extra = {}, ref = "in_app_feed_1") =>
    buildChannelStep(ref, "in_app_feed", "feed", { markdown_body: body }, extra),
  sms: (body = "M", extra: Extra = {}, ref = "sms_1") =>
    buildChannelStep(ref, "sms", "text", { text_body: body }, extra),
  push: (body = "P", extra: Extra = {}, key = "ios", ref = "push_1") =>
    buildChannelStep(ref, "push", key, { title: "T", text_body: body, settings: { delivery_type: "content" } }, extra),
  chat: (body = "C", extra: Extra = {}, ref = "chat_1") =>
    buildChannelStep(ref, "chat", "chatty", { markdown_body: body }, extra),
  webhook: (url = "https://hook.test/", extra: Extra = {}, ref = "hook_1") =>
    buildChannelStep(ref, "http", "hook", { method: "post", url, body: "{}" }, extra),
  delay: (unit: string, value: number, extra: Extra = {}, ref = "delay_1"): JsonObject => ({
    ref,
    type: "delay",
    settings: { delay_for: { unit, value } },
    ...(extra as JsonObject),
  }),
  delayUntil: (path: string, offset: JsonObject | null = null, ref = "delay_1"): JsonObject => ({
    ref,
    type: "delay",
    settings: { delay_until_field_path: path, delay_for: offset },
  }),
};

export function buildCondition(variable: string, operator: string, argument?: Json): JsonObject {
  return { all: [{ variable, operator, ...(argument === undefined ? {} : { argument }) }] };
}

/** Returns a guide's step with the message type `banner`. */
export function buildBannerStep(values: JsonObject = { title: "Hi" }, ref = "step_1"): JsonObject {
  return { ref, schema_key: "banner", schema_semver: "0.1.0", schema_variant_key: "default", values };
}
