import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, withHarness } from "../../helpers/engine-case.js";

const later = [step.delay("hours", 1), step.email()];
const stopped = "cancelled: delay_1 cancelled workflow_unavailable";
const completed = "completed: delay_1 passed, email_1 sent";

const cases: EngineCase[] = [
  {
    title: "C-360 E-020 a workflow that is deactivated while a run waits ends the run when it would continue",
    workflow: later,
    moments: [
      {
        at: 30 * MINUTE,
        action: (h) => {
          h.environment.active.digest = false;
        },
        runs: { ana: "paused: delay_1 waiting 2025-06-04T11:00:00Z" },
      },
      { at: HOUR, runs: { ana: stopped }, messages: [] },
      {
        at: 2 * HOUR,
        action: (h) => {
          h.environment.active.digest = true;
        },
      },
      { at: 3 * HOUR, runs: { ana: stopped }, messages: [] },
    ],
  },
  {
    title: "C-361 E-021 a workflow that is activated again in time continues the run",
    workflow: later,
    moments: [
      {
        at: 30 * MINUTE,
        action: (h) => {
          h.environment.active.digest = false;
        },
      },
      {
        at: 50 * MINUTE,
        action: (h) => {
          h.environment.active.digest = true;
        },
      },
      { at: HOUR, runs: { ana: completed }, messages: ["ana mail sent: B"] },
    ],
  },
  {
    title: "C-362 E-014 a run keeps the version it started with",
    workflow: later,
    moments: [
      {
        at: 30 * MINUTE,
        async action(h) {
          h.define("digest", { steps: [step.delay("hours", 1), step.email("S", "new"), step.sms("also new")] });
          await h.trigger("digest", { recipients: ["bo"] });
        },
      },
      { at: HOUR, runs: { ana: completed }, messages: ["ana mail sent: B"] },
      {
        at: 90 * MINUTE,
        messages: ["ana mail sent: B", "bo mail sent: new"],
        async check(h) {
          const [ana, bo] = await h.listMessages();
          expect(ana?.version_id).not.toBe(bo?.version_id);
        },
      },
    ],
  },
  {
    title: "C-363 E-023 an archived workflow ends a waiting run",
    workflow: later,
    moments: [
      { at: 30 * MINUTE, action: (h) => h.workflows.delete("digest") },
      { at: HOUR, runs: { ana: stopped }, messages: [] },
    ],
  },
  {
    title: "C-365 E-087 a step uses the recipient's address at that time",
    workflow: later,
    moments: [
      {
        at: 30 * MINUTE,
        async action(h) {
          h.define("hello", { steps: [step.feed()] });
          await h.trigger("hello", { recipients: [{ id: "ana", email: "new@lark.test" }] });
        },
      },
      {
        at: HOUR,
        runs: { ana: completed },
        async check(h) {
          expect((await h.listMessages()).at(-1)?.content.to).toBe("new@lark.test");
        },
      },
    ],
  },
  {
    title: "C-367 E-009 a run's events are in order, each with its step and attempt",
    workflow: [step.email(), step.sms(), step.feed()],
    async check(h, outcome) {
      const [run] = outcome.recipients ?? [];
      const detail = await h.engine.readRecipientRun(run?.recipient_run_id as string);
      const events = (detail?.events ?? []) as JsonObject[];
      expect(events.map(({ event, step_ref, step_type }) => [event, step_ref, step_type])).toEqual([
        ["run_started", null, null],
        ["step_started", "email_1", "channel"],
        ["message_enqueued", "email_1", "channel"],
        ["step_completed", "email_1", "channel"],
        ["step_started", "sms_1", "channel"],
        ["message_enqueued", "sms_1", "channel"],
        ["step_completed", "sms_1", "channel"],
        ["step_started", "in_app_feed_1", "channel"],
        ["message_enqueued", "in_app_feed_1", "channel"],
        ["step_completed", "in_app_feed_1", "channel"],
        ["run_completed", null, null],
      ]);
      expect(new Set(events.map(({ attempt, status, inserted_at }) => `${attempt} ${status} ${inserted_at}`))).toEqual(
        new Set(["1 ok 2025-06-04T10:00:00.000Z"]),
      );
      const messages = await h.listMessages();
      expect(events.filter(({ event }) => event === "message_enqueued").map(({ data }) => data)).toEqual(
        messages.map(({ id, channel }) => ({ message_id: id, channel_type: channel.type })),
      );
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    },
  },
];

describeEngineCases("X. Lifecycle edges", cases);

describe("X. The list of runs", () => {
  it("C-366 E-006 E-007 runs are listed as completed, paused, canceled and completed with errors", () =>
    withHarness(async (h) => {
      h.define("hello", { steps: [step.email()] });
      h.define("digest", { steps: later });
      h.define("broken", { steps: [step.email("S", "{{ 1 | divided_by: data.x }}"), step.sms()] });
      await h.trigger("hello", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"], cancellation_key: "ck" });
      await h.cancel("digest", "ck");
      await h.trigger("broken", { recipients: ["ana"] });

      const { items } = await h.engine.listRecipientRuns({}, { limit: 10 });
      expect(items.map(({ workflow, status, error_count }) => [workflow, status, error_count])).toEqual([
        ["broken", "completed", 3],
        ["digest", "cancelled", 0],
        ["digest", "paused", 0],
        ["hello", "completed", 0],
      ]);
      for (const [status, count] of [
        ["completed", 2],
        ["paused", 1],
        ["cancelled", 1],
        ["queued", 0],
      ] as const) {
        expect((await h.engine.listRecipientRuns({ status }, { limit: 10 })).items, status).toHaveLength(count);
      }
    }));
});
