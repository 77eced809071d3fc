import { expect } from "vitest";
import type { Delivery } from "../../../src/ports/provider.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, SECOND } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, formatEvents } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Makes the provider return these results, one per call; the last one is repeated. */
const answering =
  (...answers: Delivery[]) =>
  (h: EngineHarness) => {
    let call = 0;
    h.deliver = () => answers[Math.min(call++, answers.length - 1)] as Delivery;
  };

const busy: Delivery = { status: "failed", retryable: true, reason: "429" };
const refused: Delivery = { status: "failed", retryable: false, reason: "bad request" };

const lastEvent = async (h: EngineHarness) => (await h.listMessages())[0]?.events.at(-1);

const cases: EngineCase[] = [
  {
    title: "C-170 E-209 E-210 a message is sent at the third attempt after two temporary errors",
    given: answering(busy, busy, { status: "sent" }),
    workflow: [step.email()],
    messages: ["ana mail queued: B"],
    moments: [
      {
        at: 5 * MINUTE,
        messages: ["ana mail sent: B"],
        runs: { ana: "completed: email_1 sent" },
        async check(h) {
          const [message] = await h.listMessages();
          expect(message && formatEvents(message)).toEqual([
            "created +0s",
            "queued +0s",
            "delivery_attempted +0s",
            "queued +0s",
            "delivery_attempted +14s",
            "queued +14s",
            "sent +42s",
          ]);
          const attempts = message?.events.filter(({ type }) => type === "delivery_attempted");
          expect(attempts?.map(({ data }) => data)).toEqual([
            { attempt: 1, max_attempts: 8, retryable: true, failure_details: "429" },
            { attempt: 2, max_attempts: 8, retryable: true, failure_details: "429" },
          ]);
          expect(h.deliveredMessages.map(({ id }) => id)).toEqual(Array(3).fill(message?.id));
        },
      },
    ],
  },
  {
    title: "C-171 E-209 a message is undelivered after eight temporary errors",
    given: answering(busy),
    workflow: [step.email()],
    moments: [
      {
        at: 1_778 * SECOND - 1,
        messages: ["ana mail queued: B"],
        check: (h) => expect(h.deliveredMessages).toHaveLength(7),
      },
      {
        at: 1_778 * SECOND,
        messages: ["ana mail undelivered: B"],
        runs: { ana: "completed: email_1 failed delivery_error" },
        async check(h) {
          expect(h.deliveredMessages).toHaveLength(8);
          expect(await lastEvent(h)).toMatchObject({
            type: "undelivered",
            data: { failure_reason: "retries_exhausted", failure_details: "429" },
          });
        },
      },
      { at: 100 * MINUTE, check: (h) => expect(h.deliveredMessages).toHaveLength(8) },
    ],
  },
  {
    title: "C-172 E-204 E-210 a permanent error fails the step after one attempt, and the run continues",
    given: answering(refused),
    workflow: [step.email(), step.feed()],
    runs: { ana: "completed: email_1 failed delivery_error, in_app_feed_1 sent" },
    messages: ["ana mail undelivered: B", "ana feed delivered: <p>F</p>"],
    async check(h, outcome) {
      const [message] = await h.listMessages();
      expect(message && formatEvents(message)).toEqual([
        "created +0s",
        "queued +0s",
        "delivery_attempted +0s",
        "undelivered +0s",
      ]);
      expect(message?.events.at(-1)?.data).toMatchObject({ failure_reason: "fatal_error" });
      expect(outcome.recipients?.[0]?.steps[0]?.reason?.detail).toBe("bad request");
      expect(outcome.summary).toMatchObject({ sent: 1, failed: 1 });
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run?.error_count).toBe(0);
    },
    moments: [{ at: 100 * MINUTE, check: (h) => expect(h.deliveredMessages).toHaveLength(1) }],
  },
  {
    title: "C-173 E-204 a bounce is not retried",
    given: answering({ status: "bounced", reason: "no such mailbox" }),
    workflow: [step.email()],
    runs: { ana: "completed: email_1 failed delivery_error" },
    messages: ["ana mail bounced: B"],
    async check(h) {
      expect(await lastEvent(h)).toMatchObject({ type: "bounced", data: { failure_details: "no such mailbox" } });
    },
    moments: [{ at: 100 * MINUTE, check: (h) => expect(h.deliveredMessages).toHaveLength(1) }],
  },
  {
    title: "C-176 E-205 a feed message is delivered when it is created",
    workflow: [step.feed()],
    messages: ["ana feed delivered: <p>F</p>"],
    async check(h) {
      const [message] = await h.listMessages();
      expect(message?.events.map(({ type }) => type)).toEqual(["created", "queued", "delivered"]);
      expect(h.deliveredMessages).toEqual([]);
    },
  },
  {
    title: "C-177 E-207 an accepted push stays sent",
    given: (h) => h.identify({ id: "bo", channel_data: { "c-ios": { tokens: ["t1"] } } }),
    workflow: [step.push()],
    payload: { recipients: ["bo"] },
    messages: ["bo ios sent: P"],
    moments: [
      { at: 100 * MINUTE, messages: ["bo ios sent: P"], check: (h) => expect(h.deliveredMessages).toHaveLength(1) },
    ],
  },
  {
    title: "C-180 E-407 a sandboxed trigger sends nothing but still creates feed items",
    workflow: [step.email(), step.feed()],
    payload: { settings: { sandbox_mode: true } },
    runs: { ana: "completed: email_1 sent, in_app_feed_1 sent" },
    messages: ["ana mail not_sent: B", "ana feed delivered: <p>F</p>"],
    async check(h) {
      expect(h.deliveredMessages).toEqual([]);
      const [email] = await h.listMessages();
      expect(email?.events.map(({ type }) => type)).toEqual(["created", "queued", "not_sent"]);
    },
  },
  {
    title: "E-209 an error thrown by a provider is retried",
    given: (h) => {
      h.deliver = () => {
        if (h.deliveredMessages.length === 1) throw new Error("socket hang up");
        return { status: "sent" };
      };
    },
    workflow: [step.email()],
    messages: ["ana mail queued: B"],
    moments: [{ at: 14 * SECOND, messages: ["ana mail sent: B"] }],
  },
];

describeEngineCases("J. Delivery and statuses", cases);
