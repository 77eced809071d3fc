import { expect } from "vitest";
import type { EngagementAction } from "../../../src/domain/message/message.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, type Moment } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

function mark(action: EngagementAction): Moment["action"] {
  return async (h) => {
    const [first] = await h.listMessages();
    if (!first) throw new Error("there is no message to mark");
    await h.markMessage(first, action);
  };
}

const unseen: JsonObject[] = [
  step.feed(),
  step.delay("minutes", 5),
  step.email("S", "B", {
    conditions: buildCondition("refs.in_app_feed_1.engagement_status", "not_contains", "$message.seen"),
  }),
];

const seenNotRead: JsonObject[] = [
  step.feed(),
  step.delay("minutes", 1),
  step.email("S", "B", {
    conditions: buildCondition("refs.in_app_feed_1.engagement_status", "contains", "$message.seen_not_read"),
  }),
];

const oldForm: JsonObject[] = [
  step.feed(),
  step.delay("minutes", 1),
  step.email("S", "B", { conditions: buildCondition("refs.in_app_feed_1.status", "less_than", "$message.seen") }),
];

const skippedEmail: JsonObject[] = [
  step.email(),
  step.delay("minutes", 1),
  step.sms("M", { conditions: buildCondition("refs.email_1.delivery_status", "equal_to", "$message.skipped") }),
];

const bouncedPush: JsonObject[] = [
  step.push(),
  step.delay("minutes", 5),
  step.sms("M", { conditions: buildCondition("refs.push_1.delivery_status", "equal_to", "$message.bounced") }),
];

/** Gives bo a phone number and two devices; messages to the given tokens bounce. */
const bouncing =
  (...tokens: string[]) =>
  async (h: EngineHarness) => {
    await h.identify({
      id: "bo",
      phone_number: "+15550000002",
      channel_data: { "c-ios": { tokens: ["tok1", "tok2"] } },
    });
    h.deliver = ({ content }) =>
      tokens.includes(String(content.token)) ? { status: "bounced", reason: "gone" } : { status: "sent" };
  };

const waited = "in_app_feed_1 sent, delay_1 passed";
const emailSkipped = `completed: ${waited}, email_1 skipped condition`;
const emailSent = `completed: ${waited}, email_1 sent`;

const cases: EngineCase[] = [
  {
    title: "C-091 E-121 E-123 a feed item that was not seen has no seen status",
    workflow: unseen,
    runs: { ana: "paused: in_app_feed_1 sent, delay_1 waiting 2025-06-04T10:05:00Z" },
    messages: ["ana feed delivered: <p>F</p>"],
    moments: [
      { at: 5 * MINUTE - 1, messages: ["ana feed delivered: <p>F</p>"] },
      { at: 5 * MINUTE, runs: { ana: emailSent }, messages: ["ana feed delivered: <p>F</p>", "ana mail sent: B"] },
    ],
  },
  {
    title: "C-092 E-097 E-098 the email step is skipped if the feed item was seen, and the run completes",
    workflow: unseen,
    moments: [
      { at: 2 * MINUTE, action: mark("seen") },
      {
        at: 5 * MINUTE,
        runs: { ana: emailSkipped },
        messages: ["ana feed delivered: <p>F</p>"],
        async check(h, outcome) {
          const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
          expect(run?.events).toContainEqual(
            expect.objectContaining({
              event: "step_skipped",
              step_ref: "email_1",
              data: expect.objectContaining({ reason: "conditions_failed" }),
            }),
          );
        },
      },
    ],
  },
  {
    title: "C-093 E-126 a step without a message because of preferences has no engagement status",
    given: (h) => h.identify({ id: "bo", preferences: { default: { channel_types: { in_app_feed: false } } } }),
    workflow: unseen,
    payload: { recipients: ["bo"] },
    moments: [
      {
        at: 5 * MINUTE,
        runs: {
          bo: "completed: in_app_feed_1 skipped preference (channel_types.in_app_feed = false), delay_1 passed, email_1 sent",
        },
        messages: ["bo mail sent: B"],
      },
    ],
  },
  {
    title: "C-094 E-129 E-123 an email is queued right after its step",
    workflow: [
      step.email(),
      step.sms("M", { conditions: buildCondition("refs.email_1.delivery_status", "less_than", "$message.sent") }),
    ],
    runs: { ana: "completed: email_1 sent, sms_1 sent" },
    messages: ["ana mail sent: B", "ana text sent: M"],
  },
  {
    title: "C-094 E-129 E-123 a sandboxed email is queued right after its step",
    given: (h) => {
      h.environment.channels.mail!.deliver = false;
    },
    workflow: [
      step.email(),
      step.sms("M", { conditions: buildCondition("refs.email_1.delivery_status", "equal_to", "$message.queued") }),
    ],
    runs: { ana: "completed: email_1 sent, sms_1 sent" },
    messages: ["ana mail not_sent: B", "ana text sent: M"],
  },
  {
    title: "C-095 E-126 E-173 a skipped step has the status skipped",
    workflow: skippedEmail,
    payload: { recipients: ["cy"] },
    moments: [
      {
        at: MINUTE,
        runs: { cy: "completed: email_1 skipped missing_recipient_data, delay_1 passed, sms_1 sent" },
        messages: ["cy text sent: M"],
        async check(h) {
          expect((await h.listMessages())[0]?.content.to).toBe("+15550000003");
        },
      },
    ],
  },
  {
    title: "C-096 E-126 a sent step does not have the status skipped",
    workflow: skippedEmail,
    moments: [
      {
        at: MINUTE,
        runs: { ana: "completed: email_1 sent, delay_1 passed, sms_1 skipped condition" },
        messages: ["ana mail sent: B"],
      },
    ],
  },
  {
    title: "C-097 E-125 E-124 the higher status of a bounced and a sent message is used",
    given: bouncing("tok1"),
    workflow: bouncedPush,
    payload: { recipients: ["bo"] },
    moments: [
      {
        at: 5 * MINUTE,
        runs: { bo: "completed: push_1 sent, delay_1 passed, sms_1 skipped condition" },
        messages: ["bo ios bounced: P", "bo ios sent: P"],
      },
    ],
  },
  {
    title: "C-098 E-125 two bounced messages have the status bounced",
    given: bouncing("tok1", "tok2"),
    workflow: bouncedPush,
    payload: { recipients: ["bo"] },
    moments: [
      {
        at: 5 * MINUTE,
        runs: { bo: "completed: push_1 failed delivery_error, delay_1 passed, sms_1 sent" },
        messages: ["bo ios bounced: P", "bo ios bounced: P", "bo text sent: M"],
      },
    ],
  },
  {
    title: "C-099 E-127 seen_not_read is true for a seen message that was not read",
    workflow: seenNotRead,
    moments: [
      { at: 10 * SECOND, action: mark("seen") },
      { at: MINUTE, runs: { ana: emailSent } },
    ],
  },
  {
    title: "C-099 E-127 seen_not_read is false for a read message",
    workflow: seenNotRead,
    moments: [
      { at: 10 * SECOND, action: mark("seen") },
      { at: 11 * SECOND, action: mark("read") },
      { at: MINUTE, runs: { ana: emailSkipped } },
    ],
  },
  {
    title: "C-100 E-130 the old form is below seen for a delivered message",
    workflow: oldForm,
    moments: [{ at: MINUTE, runs: { ana: emailSent } }],
  },
  {
    title: "C-100 E-130 E-124 the old form ranks archived above seen",
    workflow: oldForm,
    moments: [
      { at: 10 * SECOND, action: mark("archived") },
      { at: MINUTE, runs: { ana: emailSkipped } },
    ],
  },
  {
    title: "C-101 E-122 a condition reads a clicked link",
    workflow: [
      step.email(),
      step.delay("hours", 1),
      step.sms("M", {
        conditions: buildCondition("refs.email_1.engagement_status", "not_contains", "$message.link_clicked"),
      }),
    ],
    moments: [
      { at: 20 * MINUTE, action: mark("link_clicked") },
      {
        at: HOUR,
        runs: { ana: "completed: email_1 sent, delay_1 passed, sms_1 skipped condition" },
        messages: ["ana mail sent: B"],
      },
    ],
  },
];

describeEngineCases("F. Message-status conditions", cases);
