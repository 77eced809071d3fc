import type { JsonObject } from "../../src/util/json.js";
import type { EmulatorResponse, TestEmulator } from "./test-emulator.js";

/** The header of a service token, which the management API requires. */
export const SERVICE = { authorization: "Bearer knock_st_x" };

/** Sends a request of the management API. */
export const askAccount = (
  { request }: Pick<TestEmulator, "request">,
  endpoint: string,
  body?: JsonObject,
): Promise<EmulatorResponse> => request(endpoint, body, SERVICE);

const STEP = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail" };

/** One document of each kind of resource, by its path in the API without `/v1/`. */
export const DOCUMENTS: Record<string, JsonObject> = {
  "workflows/hello": {
    workflow: {
      name: "Hello",
      trigger_data_json_schema: { type: "object", properties: { n: { type: "number" } } },
      steps: [{ ...STEP, template: { subject: "Hi", html_body: "<p>{{ n }}</p>", settings: { pre_content: "P" } } }],
    },
  },
  "email_layouts/default": {
    email_layout: { name: "Default", html_layout: "<html>{{ content }}</html>", text_layout: "{{ content }}" },
  },
  "partials/greeting": { partial: { name: "Greeting", type: "html", content: "<b>Hi {{ name }}</b>" } },
  "message_types/banner": {
    message_type: {
      name: "Banner",
      description: "A banner",
      preview: "<b>{{ title }}</b>",
      variants: [{ key: "default", name: "Default", fields: [{ type: "text", key: "title", label: "Title" }] }],
    },
  },
  "translations/en": { translation: { format: "json", content: '{"greeting":"Hi"}' } },
  "guides/tour": {
    guide: {
      name: "Tour",
      channel_key: "tours",
      steps: [
        {
          ref: "step_1",
          schema_key: "banner",
          schema_semver: "0.0.1",
          schema_variant_key: "default",
          values: { title: "T" },
        },
      ],
    },
  },
  "audiences/club": { audience: { name: "Club", type: "static" } },
  "schemas/user": { schema: { properties: [{ key: "plan", type: "string", visible: true }] } },
};

/** Pushes one resource of each kind. */
export async function pushDocuments(api: Pick<TestEmulator, "request">): Promise<void> {
  for (const [path, body] of Object.entries(DOCUMENTS)) {
    const response = await askAccount(api, `PUT /v1/${path}`, body);
    if (response.status !== 200) throw new Error(`${path}: ${response.text}`);
  }
}
