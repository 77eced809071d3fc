import type { JsonObject } from "../../src/util/json.js";

const feed = {
  ref: "feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "feed",
  template: { markdown_body: "Hi {{ n }}" },
};
const email = {
  ref: "email_1",
  type: "channel",
  channel_type: "email",
  channel_key: "mail",
  template: { subject: "Hi", html_body: "<p>{{ n }}</p>", settings: {} },
};
const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 10 } } };

/** The workflows of the API's case catalog (docs/internals/catalog/api-cases.md), by key. */
export const CATALOGUE_WORKFLOWS: Record<string, JsonObject> = {
  hello: { categories: ["social"], steps: [email, feed] },
  paused: { steps: [delay, email] },
  off: { active: false, steps: [feed] },
  strict: {
    trigger_data_json_schema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    steps: [feed],
  },
};

/** The users, the object and the tenant that exist in every case of the catalog. */
export const CATALOGUE_RECIPIENTS: JsonObject[] = [
  { id: "u1", name: "Una", email: "u1@lark.test" },
  { id: "u2", name: "Udo", email: "u2@lark.test" },
  { collection: "projects", id: "p1", name: "Kestrel" },
  { collection: "$tenants", id: "acme", name: "Acme" },
];

/** The subscribers of the object. */
export const CATALOGUE_SUBSCRIPTION = { object: { collection: "projects", id: "p1" }, recipients: ["u1", "u2"] };
