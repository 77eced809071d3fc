import type { Json, JsonObject } from "../../../src/util/json.js";

export const PREFERENCES: JsonObject = {
  channel_types: {
    email: true,
    sms: false,
    push: { conditions: [{ variable: "data.a", operator: "equal_to", argument: "1" }] },
  },
  channels: { mail: false },
  categories: { social: { channel_types: { email: false } }, other: true },
  workflows: { hello: false },
  commercial_subscribed: true,
  __persistence_strategy__: "merge",
};

export const TRIGGER: JsonObject = {
  recipients: [
    "ada",
    { id: "bo", email: "b@lark.test", preferences: { default: PREFERENCES } },
    { id: "p", collection: "c" },
  ],
  actor: { id: "al", channel_data: { ios: { tokens: ["a"] } } },
  tenant: { id: "acme", settings: { branding: { primary_color: "#fff" } } },
  data: { page: { name: "Home" } },
  cancellation_key: "k",
  settings: { sandbox_mode: true },
};

export const SCHEDULE: JsonObject = {
  workflow: "hello",
  recipients: ["ada"],
  repeats: [{ frequency: "weekly", interval: 2, days: ["mon", "weekdays"], hours: 9, minutes: 30 }],
  scheduled_at: "2026-11-27T10:00:00Z",
  ending_at: "2027-01-01T00:00:00Z",
  data: {},
};

export const USER: JsonObject = {
  name: "Ada",
  email: "a@lark.test",
  preferences: { default: PREFERENCES },
  channel_data: { ios: { tokens: ["a"] } },
};

/** Valid bodies of requests, by a pattern of the endpoints that accept them. The last one is for all others. */
export const REQUEST_BODIES: readonly [endpoint: RegExp, body: Json][] = [
  [/workflows\/\{\w+\}\/trigger|test_run|\/notify/, { ...TRIGGER, name: "new-comment" }],
  [/cancel/, { cancellation_key: "k", recipients: ["ada"], name: "new-comment" }],
  [/schedules/, { schedules: [SCHEDULE], ...SCHEDULE, schedule_ids: ["@schedule"] }],
  [/preferences\/bulk|bulk\/preferences/, { user_ids: ["ada"], preferences: PREFERENCES }],
  [/preferences/, PREFERENCES],
  [/channel_data/, { data: { tokens: ["a"], devices: [{ token: "b", locale: "de", timezone: "UTC" }] } }],
  [/users\/bulk/, { users: [{ id: "ada", ...USER }], user_ids: ["ada"] }],
  [
    /objects.*bulk|bulk.*objects/,
    { objects: [{ id: "p1", name: "P" }], object_ids: ["p1"], subscriptions: [{ id: "p1", recipients: ["ada"] }] },
  ],
  [/tenants.*bulk|bulk.*tenants/, { tenants: [{ id: "acme", name: "A" }], tenant_ids: ["acme"] }],
  [/subscriptions/, { recipients: ["ada", { collection: "projects", id: "p1" }], properties: { a: 1 } }],
  [/members/, { members: [{ user: { id: "ada" }, tenant: "acme" }] }],
  [
    /channels\/.*bulk|messages\/batch/,
    {
      message_ids: ["@message"],
      newer_than: "2026-01-01T00:00:00Z",
      archived: "exclude",
      metadata: { a: 1 },
      user_ids: ["ada"],
      trigger_data: { a: 1 },
    },
  ],
  [/messages/, { metadata: { a: 1 } }],
  [
    /guides/,
    {
      guide_key: "first-page",
      guide_id: "x",
      guide_step_ref: "step_1",
      channel_id: "in-app-guide",
      content: {},
      data: {},
      metadata: {},
      is_final: true,
      tenant: "acme",
    },
  ],
  [/merge/, { from_user_id: "grace" }],
  [/__knock\/clock/, { advance: "1h" }],
  [/__knock\/faults/, { channel: "email", status: 500, times: 1, rate: 0.5 }],
  [/__knock\/seed/, { users: [{ id: "ada", ...USER }], objects: [], tenants: [{ id: "acme" }] }],
  [/__knock\/reset/, { keep: ["recipients"] }],
  [/__knock\/sources/, { type: "plan.changed", id: "e1", data: { user: { id: "ada" } } }],
  [/users|objects|tenants/, USER],
  [/./, { a: 1 }],
];

/** The names of all query parameters. */
export const QUERY_NAMES = (
  "page_size after before status[] source tenant tenant[] has_tenant workflow_categories[] archived trigger_data exclude " +
  "include[] mode inserted_at.gt inserted_at[lt] recipient recipient[id] recipient[collection] recipients[] objects[] " +
  "objects[0][id] engagement_status[] delivery_status channel_id workflow workflow_recipient_run_id message_ids[] " +
  "starting_at ending_at bulk_operation_ids locale type data access_token_object ms_teams_tenant_object[id] branch environment " +
  "query_options.limit name channel workflow_run_id place limit c t"
).split(" ");
