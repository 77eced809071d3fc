import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import {
  describeEngineCases,
  type EngineCase,
  formatEvents,
  formatMessage,
  formatRuns,
  withHarness,
} from "../../helpers/engine-case.js";

const window = (settings: JsonObject) => ({
  throttle_window: null,
  throttle_window_field_path: "data.none",
  ...settings,
});

const cases: EngineCase[] = [
  {
    title: "E-163 E-166 skipped steps do not stop a run, which ends after its last step",
    given: async (h) => {
      h.environment.channels.hook = null;
      await h.identify({ id: "ana", preferences: { default: { channel_types: { in_app_feed: false } } } });
    },
    workflow: [
      step.email("S", "B", { conditions: buildCondition("data.no", "equal_to", "true") }),
      step.webhook(),
      step.feed(),
      step.push(),
      step.delayUntil("data.none"),
      { ref: "batch_1", type: "batch", settings: { batch_until_field_path: "data.none" } },
      { ref: "throttle_1", type: "throttle", settings: window({}) },
      step.sms(),
    ],
    runs: {
      ana: [
        "completed: email_1 skipped condition",
        "hook_1 skipped channel_not_configured",
        "in_app_feed_1 skipped preference (channel_types.in_app_feed = false)",
        "push_1 skipped missing_recipient_data",
        "delay_1 skipped invalid_window",
        "batch_1 skipped invalid_window",
        "throttle_1 skipped invalid_window",
        "sms_1 sent",
      ].join(", "),
    },
  },
  {
    title: "E-166 a workflow without steps ends at once",
    workflow: [],
    runs: { ana: "completed: no steps" },
  },
  {
    title: "E-170 a channel's settings are read at the step, and its ID is kept",
    workflow: [step.delay("minutes", 5), step.email()],
    moments: [
      {
        at: MINUTE,
        action: (h) => Object.assign(h.environment.channels.mail!, { settings: { from_address: "new@lark.test" } }),
      },
      {
        at: HOUR,
        async check(h) {
          const [message] = await h.listMessages();
          expect(message?.channel).toMatchObject({ id: "c-mail", key: "mail" });
          expect(message?.content.from).toContain("new@lark.test");
        },
      },
    ],
  },
  {
    title: "E-177 a webhook requires nothing of its recipient",
    workflow: [step.webhook()],
    payload: { recipients: ["fay"] },
    runs: { fay: "completed: hook_1 sent" },
    messages: ["fay hook delivered: https://hook.test/"],
  },
  {
    title: "E-183 a push contains the trigger's data",
    given: (h) => h.identify({ id: "ana", channel_data: { "c-ios": { tokens: ["t1"] } } }),
    workflow: [step.push()],
    payload: { data: { a: { b: 1 } } },
    async check(h) {
      expect((await h.listMessages())[0]?.content.data).toEqual({ a: { b: 1 } });
    },
  },
  {
    title: "E-182 the channel's payload overrides are rendered if the template has none",
    given: (h) => {
      const text = h.environment.channels.text as { settings: JsonObject };
      text.settings = { payload_overrides: '{ "tag": "{{ data.tag }}" }' };
    },
    workflow: [step.sms()],
    payload: { data: { tag: "a1" } },
    async check(h) {
      expect((await h.listMessages())[0]?.content.payload_overrides).toEqual({ tag: "a1" });
    },
  },
  {
    title: "C-159 E-182 a push template's payload overrides replace the channel's",
    given(h) {
      const ios = h.environment.channels.ios as { settings: JsonObject };
      ios.settings = { payload_overrides: '{"badge":1}' };
      return h.identify({ id: "bo", channel_data: { "c-ios": { tokens: ["t1"] } } });
    },
    workflow: [
      {
        ...step.push(),
        template: {
          title: "T",
          text_body: "P",
          settings: { delivery_type: "content", payload_overrides: '{"sound":"{{ data.sound }}"}' },
        },
      },
    ],
    payload: { recipients: ["bo"], data: { sound: "ping" } },
    check: async (h) => expect((await h.listMessages())[0]?.content.payload_overrides).toEqual({ sound: "ping" }),
  },
  {
    title: "C-161 E-218 a message has the trigger's data merged with a fetch's response",
    given: (h) => {
      h.respond = () => ({ status: 200, text: '{"x":2}' });
    },
    workflow: [
      { ref: "http_fetch_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/p" } },
      step.email(),
    ],
    payload: { data: { x: 1, y: 3 } },
    check: async (h) => expect((await h.listMessages())[0]?.data).toEqual({ x: 2, y: 3 }),
  },
  {
    title: "E-218 E-219 E-220 a message has the data of earlier steps, its actors and its destination",
    workflow: [{ ref: "u", type: "update_data", settings: { data: '{ "b": 2 }' } }, step.email()],
    payload: { data: { a: 1 }, actor: "bo" },
    async check(h) {
      const [message] = await h.engine.listMessages({}, { limit: 1 }).then(({ items }) => items);
      expect(message).toMatchObject({
        data: { a: 1, b: 2 },
        actors: ["bo"],
        recipient_snapshot: { email: "ana@lark.test" },
      });
    },
  },
  {
    title: "E-229 each change of a message is an event",
    workflow: [step.email()],
    async check(h) {
      const [message] = await h.listMessages();
      for (const action of ["seen", "read", "interacted", "archived"] as const) await h.markMessage(message!, action);
      expect(formatEvents((await h.listMessages())[0]!).map((event) => event.split(" ")[0])).toEqual([
        "created",
        "queued",
        "sent",
        "seen",
        "read",
        "interacted",
        "archived",
      ]);
    },
  },
  {
    title: "E-239 a delay is canceled while it waits",
    workflow: [step.delay("hours", 1), step.email()],
    payload: { cancellation_key: "ck" },
    moments: [
      { at: MINUTE, action: (h) => h.cancel("digest", "ck") },
      { at: 2 * HOUR, runs: { ana: "cancelled: delay_1 cancelled cancelled" }, messages: [] },
    ],
  },
  {
    title: "E-240 after a delay, the run continues with its own version",
    workflow: [step.delay("hours", 1), step.email("S", "old")],
    moments: [
      { at: MINUTE, action: (h) => h.define("digest", { steps: [step.delay("hours", 1), step.email("S", "new")] }) },
      { at: HOUR, messages: ["ana mail sent: old"] },
    ],
  },
];

describeEngineCases("Steps and messages", cases);

describe("Triggers", () => {
  it.each<[string, JsonObject]>([
    ["invalid data", { recipients: [{ id: "new", name: "New" }], data: { n: "text" } }],
    ["an unknown actor", { recipients: [{ id: "new", name: "New" }], actor: "nobody", data: { n: 1 } }],
  ])("E-005 %s is rejected before anyone is identified", (_title, payload) =>
    withHarness(async (h) => {
      const schema = { type: "object", properties: { n: { type: "number" } } };
      h.define("digest", { steps: [step.email()], trigger_data_json_schema: schema });
      await expect(h.trigger("digest", payload)).rejects.toMatchObject({ code: expect.any(String) });
      expect(await h.recipient("new")).toBeUndefined();
      expect((await h.engine.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
    }),
  );

  it("E-005 an inactive workflow is reported before invalid data", () =>
    withHarness(async (h) => {
      const schema = { type: "object", properties: { n: { type: "number" } } };
      h.define("digest", { steps: [step.email()], trigger_data_json_schema: schema });
      h.environment.active.digest = false;
      await expect(h.trigger("digest", { recipients: ["ana"], data: { n: "text" } })).rejects.toMatchObject({
        code: "workflow_inactive",
      });
    }));

  it("E-019 the environment's switch overrides the file's at once", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()], active: false });
      const send = () => h.trigger("digest", { recipients: ["ana"] });
      await expect(send()).rejects.toMatchObject({ code: "workflow_inactive" });
      h.environment.active.digest = true;
      expect(formatRuns(await send()).ana).toBe("completed: email_1 sent");
      h.environment.active.digest = false;
      await expect(send()).rejects.toMatchObject({ code: "workflow_inactive" });
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana mail sent: B"]);
    }));
});
