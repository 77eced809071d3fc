import type { Json, JsonObject } from "../../../src/util/json.js";

/** The data that a target must have before the contract runs. Its channels are undeclared, so each is a sandboxed channel of the step's type. */
export interface ContractProject {
  /** The content of each `workflow.json`, with its templates, by key. */
  workflows: Record<string, JsonObject>;
  /** Users and objects in the format of inline recipients. */
  recipients: JsonObject[];
}

const feed = (ref: string, markdown_body: string): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "contract-feed",
  template: { markdown_body },
});

const email = (ref: string, subject: string, html_body: string): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "email",
  channel_key: "contract-mail",
  template: { subject, html_body, settings: {} },
});

const hour: Json = { unit: "hours", value: 1 };

export const contractProject: ContractProject = {
  workflows: {
    "contract-plain": {
      name: "Plain",
      categories: ["contract"],
      steps: [feed("feed_1", "{{ data.page }}"), email("email_1", "On {{ data.page }}", "<p>By {{ actor.name }}</p>")],
    },
    "contract-delayed": {
      name: "Delayed",
      steps: [
        feed("feed_1", "Soon"),
        { ref: "delay_1", type: "delay", settings: { delay_for: hour } },
        email("email_1", "Now", "<p>Now</p>"),
      ],
    },
    "contract-guarded": {
      name: "Guarded",
      conditions: { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] },
      trigger_data_json_schema: { type: "object", properties: { count: { type: "number" } } },
      steps: [feed("feed_1", "Guarded")],
    },
    "contract-inactive": { name: "Inactive", active: false, steps: [feed("feed_1", "Never")] },
  },
  recipients: [
    { id: "ada", name: "Ada", email: "ada@example.com", plan: "pro" },
    {
      id: "grace",
      name: "Grace",
      email: "grace@example.com",
      plan: "free",
      preferences: { default: { channel_types: { email: false } } },
    },
    { id: "alan", name: "Alan" },
    { collection: "projects", id: "p1", name: "Apollo" },
  ],
};
