import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { ENVIRONMENT, initHello, RECIPIENTS, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

type Hello = Awaited<ReturnType<typeof initHello>>;

const PUSH = {
  ref: "push_1",
  type: "channel",
  channel_type: "push",
  template: { title: "Hello", text_body: "Hello" },
};
const FCM = { fcm: { type: "push" } };

/** Changes the user Ada. */
const editAda = (hello: Hello, changes: JsonObject): void =>
  hello.edit(RECIPIENTS, ({ users }) => void Object.assign((users as JsonObject[])[0] ?? {}, changes));

/** Declares channels and other parts of the environment. */
const declare = (hello: Hello, { channels = {}, ...parts }: JsonObject): void =>
  hello.edit(ENVIRONMENT, (environment) => {
    Object.assign(environment, parts, {
      channels: { ...(environment.channels as JsonObject), ...(channels as JsonObject) },
    });
  });

const awaitStep = (step_ref: string, source_key = "hello"): JsonObject => ({
  event: { event_type: "message", source_type: "workflow", source_key, event_key: "read" },
  match_conditions: [
    { operator: "and", conditions: [{ variable: "event.step_ref", operator: "equal_to", argument: step_ref }] },
  ],
});

const awaitPaid = (event_key: string): JsonObject => ({
  event: { event_type: "integration_source", integration_source_key: "billing", event_key },
});
const PAID_MAPPINGS: JsonObject[] = [
  { event_type: "invoice.paid", action_type: "users_delete", action_parameters: { user_id: "user_id" } },
];

const mapping = (action_type: string, action_parameters: JsonObject): JsonObject => ({
  name: "Billing",
  mappings: [{ event_type: "paid", action_type, action_parameters }],
});

/** A change of the project, the only finding and its file. The finding starts at the text in the changed file. */
const CASES: Readonly<Record<string, [change: (hello: Hello) => void, file: string, finding: string, text: string]>> = {
  "a channel group of a step": [
    (hello) => {
      declare(hello, {
        channels: FCM,
        channel_groups: { pushes: { type: "push", rules: [{ channel: "fcm", rule_type: "always" }] } },
      });
      hello.editWorkflow(({ steps }) => void steps.push({ ...PUSH, channel_group_key: "pushs" }));
    },
    WORKFLOW,
    'steps[2].channel_group_key "pushs" is not declared in environment.json; did you mean "pushes"? [undeclared_channel]',
    '"pushs"',
  ],
  "a channel group of a step, without any group": [
    (hello) => hello.editWorkflow(({ steps }) => void steps.push({ ...PUSH, channel_group_key: "pushs" })),
    WORKFLOW,
    'steps[2].channel_group_key "pushs" is not declared in environment.json; it declares no channel groups [undeclared_channel]',
    '"pushs"',
  ],
  "a channel in the rule of a channel group": [
    (hello) =>
      declare(hello, {
        channels: FCM,
        channel_groups: { pushes: { type: "push", rules: [{ channel: "fmc", rule_type: "always" }] } },
      }),
    ENVIRONMENT,
    'channel_groups.pushes.rules[0].channel is not a channel of environment.json: "fmc"; did you mean "fcm"? [undeclared_channel]',
    '"fmc"',
  ],
  "an event of a source": [
    (hello) => {
      hello.write("knock/sources/billing/source.json", { mappings: PAID_MAPPINGS });
      hello.addStep("wait_for_event", awaitPaid("invoice.payed"));
    },
    WORKFLOW,
    'steps[0].settings.event.event_key is not an event that the source "billing" maps; did you mean "invoice.paid"? [unknown_reference]',
    '"invoice.payed"',
  ],
  "a source that does not find the users of its events": [
    (hello) => {
      const mappings = [
        { ...PAID_MAPPINGS[0], action_type: "users_identify", action_parameters: { user_id: "user.id" } },
      ];
      hello.write("knock/sources/billing/source.json", { mappings });
      hello.addStep("wait_for_event", awaitPaid("invoice.viewed"));
    },
    WORKFLOW,
    'steps[0].settings.event.integration_source_key reads the user of an event at "user_id", but its mappings at "user.id": set user_id_path in the settings of the source [unknown_reference]',
    '"billing"',
  ],
  "a workflow in the mapping of a source": [
    (hello) =>
      void hello.write(
        "knock/sources/billing/source.json",
        mapping("workflows_trigger", { workflow_key: "helo", recipients: "user_id" }),
      ),
    "knock/sources/billing/source.json",
    'mappings[0].action_parameters.workflow_key is not a workflow: "helo"; did you mean "hello"? [unknown_workflow]',
    '"helo"',
  ],
  "an audience in the mapping of a source": [
    (hello) => {
      hello.write("knock/audiences/vips/audience.json", { name: "VIPs", type: "static" });
      hello.write(
        "knock/sources/billing/source.json",
        mapping("audiences_remove_member", { key: { value: "vip" }, user_id: "id" }),
      );
    },
    "knock/sources/billing/source.json",
    'mappings[0].action_parameters.key.value is not an audience of this project: "vip"; did you mean "vips"? [unknown_reference]',
    '"vip"',
  ],
  "an audience of an update step": [
    (hello) => hello.addStep("update_audience", { action: "add", audience_key: "vip" }),
    WORKFLOW,
    'steps[0].settings.audience_key is not an audience of this project: "vip" [unknown_reference]',
    '"vip"',
  ],
  "an audience in a condition": [
    (hello) => {
      editAda(hello, {});
      hello.edit(RECIPIENTS, (document) => void Object.assign(document, { audiences: { vips: [{ id: "ada" }] } }));
      hello.editWorkflow((workflow) => {
        workflow.conditions = { all: [{ variable: "recipient", operator: "is_audience_member", argument: "vip" }] };
      });
    },
    WORKFLOW,
    'conditions.all[0].argument is not an audience of this project: "vip"; did you mean "vips"? [unknown_reference]',
    '"vip"',
  ],
  "the step of an awaited message": [
    (hello) => hello.addStep("wait_for_event", awaitStep("in_app_feed_9")),
    WORKFLOW,
    'steps[0].settings.match_conditions[0].conditions[0].argument is not a step of the workflow: "in_app_feed_9"; did you mean "in_app_feed_1"? [unknown_reference]',
    '"in_app_feed_9"',
  ],
  "the workflow of an awaited message": [
    (hello) => hello.addStep("wait_for_event", awaitStep("in_app_feed_1", "helo")),
    WORKFLOW,
    'steps[0].settings.event.source_key is not a workflow: "helo"; did you mean "hello"? [unknown_workflow]',
    '"helo"',
  ],
  "a workflow in the environment": [
    (hello) => declare(hello, { workflows: { helo: { active: false } } }),
    ENVIRONMENT,
    'workflows.helo is not a workflow: "helo"; did you mean "hello"? [unknown_workflow]',
    '{\n      "active"',
  ],
  "a channel in the channel data of a recipient": [
    (hello) => {
      declare(hello, { channels: FCM });
      editAda(hello, { channel_data: { fmc: { tokens: ["t"] } } });
    },
    RECIPIENTS,
    'users[0].channel_data.fmc is not a channel of environment.json: "fmc"; did you mean "fcm"? [undeclared_channel]',
    '{\n          "tokens"',
  ],
  "an address with two @": [
    (hello) => editAda(hello, { email: "ada@@example" }),
    RECIPIENTS,
    'users[0].email is not an email address: "ada@@example" [suspicious_value]',
    '"ada@@example"',
  ],
  "a phone number without country code": [
    (hello) => editAda(hello, { phone_number: "202-555-0101" }),
    RECIPIENTS,
    'users[0].phone_number is not a phone number with its country code, such as +12025550101: "202-555-0101" [suspicious_value]',
    '"202-555-0101"',
  ],
  "a condition on a later step": [
    (hello) =>
      hello.editWorkflow(({ steps: [feed] }) => {
        const first = { variable: "data.from", operator: "exists" };
        const later = { variable: "refs.email_1.delivery_status", operator: "equal_to", argument: "sent" };
        Object.assign(feed ?? {}, { conditions: { all: [first, later] } });
      }),
    WORKFLOW,
    'steps[0].conditions.all[1].variable cannot use step "email_1", which does not run before this step [later_step_ref]',
    '"refs.email_1.delivery_status"',
  ],
};

describe.concurrent("knock validate finds in the project of knock init", () => {
  it.for(Object.entries(CASES))("%s", async ([, [change, file, finding, text]], { empty }) => {
    const hello = await initHello(empty);
    change(hello);
    const before = hello.read(file).slice(0, hello.read(file).indexOf(text)).split("\n");
    const place = `${file}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
    expect(await hello.report()).toEqual([`${place}: ${finding}`]);
    expect((await hello.knock(["validate"])).exitCode).toBe(0);
  });

  it("nothing for names that exist", async ({ empty }) => {
    const hello = await initHello(empty);
    declare(hello, {
      channels: { ...FCM, sms: null },
      channel_groups: { pushes: { type: "push", rules: [{ channel: "fcm", rule_type: "always" }] } },
      workflows: { hello: { active: true } },
    });
    hello.write("knock/audiences/vips/audience.json", { name: "VIPs", type: "static" });
    hello.write(
      "knock/sources/billing/source.json",
      mapping("workflows_trigger", { key: "hello", recipients: "user_id" }),
    );
    editAda(hello, {
      email: '"Ada Lovelace" <ada@example.com>',
      phone_number: "+1 (202) 555-0101",
      channel_data: { fcm: { tokens: ["t"] } },
    });
    hello.addStep("update_audience", { action: "add", audience_key: "vips" });
    hello.addStep("wait_for_event", awaitStep("in_app_feed_1"));
    hello.editWorkflow(({ steps }) => void steps.push({ ...PUSH, channel_group_key: "pushes" }));
    expect(await hello.report()).toEqual([]);
  });
});
