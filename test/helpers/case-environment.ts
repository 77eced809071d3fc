import {
  createDefaultEnvironment,
  type Environment,
  getDefaultProvider,
} from "../../src/domain/environment/environment.js";
import { parseMessageType } from "../../src/domain/guide/parse-message-type.js";
import type { ChannelType } from "../../src/domain/message/channel-types.js";
import type { JsonObject } from "../../src/util/json.js";

/** Channels of the case catalog: key, type, ID. They deliver messages and are not sandboxed. */
export const CASE_CHANNELS: [key: string, type: ChannelType, id: string][] = [
  ["mail", "email", "c-mail"],
  ["promo", "email", "c-promo"],
  ["feed", "in_app_feed", "c-feed"],
  ["text", "sms", "c-text"],
  ["ios", "push", "c-ios"],
  ["droid", "push", "c-droid"],
  ["chatty", "chat", "c-chat"],
  ["hook", "http", "c-hook"],
  ["tours", "in_app_guide", "c-tours"],
];

/** The users and objects that exist in every case. */
export const CASE_RECIPIENTS: JsonObject[] = [
  {
    id: "ana",
    email: "ana@lark.test",
    phone_number: "+15550000001",
    timezone: "America/New_York",
    plan: "pro",
    tags: ["vip", "beta"],
    age: 30,
    team: { name: "North" },
    joined_at: "2025-05-01T00:00:00Z",
  },
  { id: "bo", email: "bo@lark.test", plan: "free" },
  { id: "cy", phone_number: "+15550000003" },
  { id: "dee", email: "dee@lark.test", timezone: "Asia/Tokyo" },
  { id: "eli", name: "Eli", email: "eli@lark.test" },
  { id: "fay", name: "Fay" },
  { collection: "projects", id: "p1", name: "Kestrel" },
  { collection: "teams", id: "t1", kind: "team" },
  { collection: "orgs", id: "o1", kind: "org" },
];

export function createCaseEnvironment(): Environment {
  const environment = createDefaultEnvironment();
  for (const [key, type, id] of CASE_CHANNELS) {
    environment.channels[key] = {
      id,
      key,
      type,
      provider: type === "chat" ? "chat_slack" : getDefaultProvider(type),
      deliver: true,
      settings: {},
      conditions: null,
    };
  }
  environment.fetch.allow = ["https://lark.test/"];
  environment.variables = { base_url: "https://lark.test", flag: true, pause: { unit: "minutes", value: 2 } };
  return environment;
}

/** A message type of guides, as its file has it. */
export const BANNER_DOCUMENT: JsonObject = {
  name: "Banner",
  preview: "",
  variants: [
    {
      key: "default",
      name: "Default",
      fields: [
        { type: "text", key: "title", label: "Title", settings: { required: true } },
        { type: "markdown", key: "body", label: "Body" },
        { type: "button", key: "button", label: null, text: { settings: { default: "Open" } } },
        { type: "boolean", key: "closable", label: null, settings: { default: true } },
        { type: "number", key: "order", label: null, settings: { min: 1 } },
        { type: "list", key: "items", label: null },
      ],
    },
  ],
};

export const BANNER = parseMessageType("banner", BANNER_DOCUMENT, "message-types/banner/message_type.json");
