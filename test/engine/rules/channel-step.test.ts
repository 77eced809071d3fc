import { expect } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { describeEngineCases, type EngineCase } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const condition = (variable: string, operator: "contains" | "equal_to", argument: string) => ({
  all: [{ variable, operator, argument }],
});

const override = (channel_overrides: JsonObject) => step.email("S", "B", { channel_overrides });

/** The sandboxed channel `mail` with a condition. */
const sandboxed = (argument: string) => (h: EngineHarness) => {
  Object.assign(h.environment.channels.mail!, {
    deliver: false,
    conditions: condition("recipient.email", "contains", argument),
  });
};

const connections = [
  { channel_id: "C1", access_token: "xoxb-one" },
  { channel_id: "C2", access_token: "xoxb-two" },
];

const cases: EngineCase[] = [
  {
    title: "C-140 E-173 E-162 an email step is skipped without an email address, and the next step runs",
    workflow: [step.email(), step.sms()],
    payload: { recipients: ["cy"] },
    runs: { cy: "completed: email_1 skipped missing_recipient_data, sms_1 sent" },
    messages: ["cy text sent: M"],
  },
  {
    title: "C-141 E-175 a push step is skipped without channel data",
    workflow: [step.push()],
    payload: { recipients: ["bo"] },
    runs: { bo: "completed: push_1 skipped missing_recipient_data" },
    messages: [],
  },
  {
    title: "C-142 E-171 a step whose channel is not configured is skipped",
    given: (h) => {
      h.environment.channels.mail = null;
    },
    workflow: [step.email(), step.feed()],
    runs: { ana: "completed: email_1 skipped channel_not_configured, in_app_feed_1 sent" },
    messages: ["ana feed delivered: <p>F</p>"],
  },
  {
    title: "C-143 E-208 E-172 a sandboxed message is rendered and stored but not sent",
    given: sandboxed("lark.test"),
    workflow: [step.email()],
    runs: { ana: "completed: email_1 sent" },
    messages: ["ana mail not_sent: B"],
    check(h) {
      expect(h.deliveredMessages).toEqual([]);
    },
  },
  {
    title: "C-143 E-208 E-172 the condition of a sandboxed channel is not evaluated",
    given: sandboxed("elsewhere"),
    workflow: [step.email()],
    runs: { ana: "completed: email_1 sent" },
    messages: ["ana mail not_sent: B"],
    async check(h, outcome) {
      expect(h.deliveredMessages).toEqual([]);
      expect(outcome.summary).toMatchObject({ sent: 1 });
    },
  },
  {
    title: "C-144 E-089 a step runs if its own condition and the channel's condition are true",
    given: (h) => {
      h.environment.channels.mail!.conditions = condition("recipient.plan", "equal_to", "pro");
    },
    workflow: [step.email("S", "B", { conditions: buildCondition("data.go", "equal_to", "true") })],
    payload: { recipients: ["ana", "bo"], data: { go: true } },
    runs: { ana: "completed: email_1 sent", bo: "completed: email_1 skipped condition" },
    messages: ["ana mail sent: B"],
    async check(h, outcome) {
      const bo = outcome.recipients?.[1];
      expect(bo?.steps[0]?.reason?.detail).toContain("channel mail: recipient.plan");
      const run = await h.engine.readRecipientRun(bo?.recipient_run_id as string);
      expect(run?.events).toContainEqual(
        expect.objectContaining({
          event: "step_skipped",
          data: expect.objectContaining({ reason: "channel_conditions_failed" }),
        }),
      );
    },
  },
  {
    title: "C-144 E-089 a step is skipped if its own condition is false",
    given: (h) => {
      h.environment.channels.mail!.conditions = condition("recipient.plan", "equal_to", "pro");
    },
    workflow: [step.email("S", "B", { conditions: buildCondition("data.go", "equal_to", "true") })],
    payload: { data: { go: false } },
    runs: { ana: "completed: email_1 skipped condition" },
    messages: [],
    check(_h, outcome) {
      expect(outcome.recipients?.[0]?.steps[0]?.reason?.detail).toBe("data.go equal_to true (was false)");
    },
  },
  {
    title: "C-145 E-179 a to_address is used if the recipient has no address",
    workflow: [override({ to_address: "{{ data.to }}" })],
    payload: { recipients: ["cy"], data: { to: "ops@lark.test" } },
    runs: { cy: "completed: email_1 sent" },
    async check(h) {
      const [message] = await h.listMessages("cy");
      expect(message).toMatchObject({
        content: { to: "ops@lark.test" },
        recipient_snapshot: { email: "ops@lark.test" },
      });
    },
  },
  {
    title: "C-145 E-179 a to_address that renders blank falls back to the recipient's address",
    workflow: [override({ to_address: "{{ data.to }}" })],
    runs: { ana: "completed: email_1 sent" },
    async check(h) {
      expect((await h.listMessages())[0]?.content.to).toBe("ana@lark.test");
    },
  },
  {
    title: "C-146 E-180 two cc addresses are in one message",
    workflow: [override({ cc_address: "a@x.test, b@x.test" })],
    messages: ["ana mail sent: B"],
    async check(h) {
      expect((await h.listMessages())[0]?.content).toMatchObject({ cc: "a@x.test, b@x.test", bcc: null });
    },
  },
  {
    title: "C-147 E-181 E-184 a token that two devices share receives one message, in the locale of its device",
    given: async (h) => {
      h.addTranslation("en", { hi: "Hello" });
      h.addTranslation("de", { hi: "Hallo" });
      await h.identify({
        id: "bo",
        channel_data: { "c-ios": { devices: [{ token: "t1", locale: "de" }, { token: "t1" }, { token: "t2" }] } },
      });
    },
    workflow: [step.push('{{ "hi" | t }}')],
    payload: { recipients: ["bo"] },
    runs: { bo: "completed: push_1 sent" },
    messages: ["bo ios sent: Hallo", "bo ios sent: Hello"],
    check(h) {
      expect(h.deliveredMessages.map(({ content }) => content.token)).toEqual(["t1", "t2"]);
    },
  },
  {
    title: "C-148 E-181 E-207 each connection receives a chat message, and tokens are not in the content",
    given: (h) => h.identify({ collection: "projects", id: "p1", channel_data: { "c-chat": { connections } } }),
    workflow: [step.chat()],
    payload: { recipients: [{ collection: "projects", id: "p1" }] },
    runs: { "projects/p1": "completed: chat_1 sent" },
    messages: ["projects/p1 chatty sent: C", "projects/p1 chatty sent: C"],
    async check(h) {
      const messages = await h.listMessages();
      expect(messages.map(({ content }) => content.connection)).toEqual([{ channel_id: "C1" }, { channel_id: "C2" }]);
      expect(JSON.stringify(messages)).not.toContain("xoxb");
    },
  },
  {
    title: "C-152 E-192 E-164 E-008 a template that cannot be rendered fails after three attempts and stops the run",
    workflow: [step.sms("M"), step.email("S", `{{ data.when | date: "%Q" }}`), step.feed()],
    payload: { recipients: ["ana"], data: { when: "soon" } },
    runs: { ana: "completed: sms_1 sent, email_1 failed render_error" },
    messages: ["ana text sent: M"],
    async check(h, outcome) {
      expect(outcome.recipients?.[0]?.steps[1]?.reason?.detail).toContain('"soon" is not a date');
      expect(outcome.summary).toMatchObject({ sent: 1, failed: 1 });
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run?.error_count).toBeGreaterThanOrEqual(1);
      const events = ((run?.events ?? []) as JsonObject[]).filter((event) => event.step_ref === "email_1");
      expect(events.map(({ event, attempt, status }) => [event, attempt, status])).toEqual([
        ["step_started", 1, "ok"],
        ["step_retried", 1, "error"],
        ["step_retried", 2, "error"],
        ["step_failed", 3, "error"],
      ]);
    },
  },
  {
    title:
      "C-156 E-196 E-208 a guide step adds the user to the guide's managed audience without a message, and the run continues",
    workflow: [
      { ref: "in_app_guide_1", type: "channel", channel_type: "in_app_guide", guide_key: "tour" },
      step.email(),
    ],
    payload: { recipients: ["ana"], settings: { sandbox_mode: true } },
    runs: { ana: "completed: in_app_guide_1 passed, email_1 sent" },
    messages: ["ana mail not_sent: B"],
    async check(h, outcome) {
      expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ guide: "tour", message_id: null, channel: null });
      const { items } = await h.engine.resources.audiences.list("guide:tour", { limit: 10 });
      expect(items.map(({ user_id, tenant }) => [user_id, tenant])).toEqual([["ana", null]]);
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      const events = ((run?.events ?? []) as JsonObject[]).filter((event) => event.step_ref === "in_app_guide_1");
      expect(events.at(-1)?.data).toEqual({ action: "add", guide_key: "tour", audience_key: "guide:tour" });
    },
  },
  {
    title: "E-196 a guide step adds users whose conditions are true, in the run's tenant, and never objects",
    workflow: [
      {
        ref: "g",
        type: "channel",
        channel_type: "in_app_guide",
        guide_key: "tour",
        conditions: buildCondition("recipient.plan", "equal_to", "pro"),
      },
    ],
    payload: { recipients: ["ana", "bo"], tenant: "acme" },
    runs: { ana: "completed: g passed", bo: "completed: g skipped condition" },
    messages: [],
    async check(h) {
      const { items } = await h.engine.resources.audiences.list("guide:tour", { limit: 10 });
      expect(items.map(({ user_id, tenant }) => [user_id, tenant])).toEqual([["ana", "acme"]]);
    },
  },
  {
    title: "E-196 a guide step does nothing for an object or without a guide",
    workflow: [
      { ref: "g", type: "channel", channel_type: "in_app_guide", guide_key: "tour" },
      { ref: "none", type: "channel", channel_type: "in_app_guide" },
    ],
    payload: { recipients: [{ collection: "projects", id: "p1" }] },
    runs: { "projects/p1": "completed: g skipped not_applicable, none skipped not_applicable" },
    messages: [],
  },
  {
    title: "C-157 E-174 an SMS step is skipped without a phone number",
    workflow: [step.sms()],
    payload: { recipients: ["bo"] },
    runs: { bo: "completed: sms_1 skipped missing_recipient_data" },
    messages: [],
  },
  {
    title: "C-158 E-178 an email has the step's from name and the channel's from address",
    given: (h) => {
      h.environment.channels.mail!.settings = { from_name: "Lark", from_address: "hi@lark.test" };
    },
    workflow: [override({ from_name: "{{ actor.name }}" })],
    payload: { actor: "eli" },
    async check(h) {
      expect((await h.listMessages())[0]?.content.from).toBe("Eli <hi@lark.test>");
    },
  },
  {
    title: "C-158 E-178 a from name that renders blank falls back to the channel's",
    given: (h) => {
      h.environment.channels.mail!.settings = { from_name: "Lark", from_address: "hi@lark.test" };
    },
    workflow: [override({ from_name: "{{ actor.name }}" })],
    async check(h) {
      expect((await h.listMessages())[0]?.content.from).toBe("Lark <hi@lark.test>");
    },
  },
  {
    title: "E-168 missing recipient data is checked before preferences",
    given: (h) => h.identify({ id: "cy", preferences: { default: { channel_types: { email: false } } } }),
    workflow: [step.email()],
    payload: { recipients: ["cy"] },
    runs: { cy: "completed: email_1 skipped missing_recipient_data" },
  },
];

describeEngineCases("H. Channel step", cases);
