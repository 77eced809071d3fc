import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import {
  describeEngineCases,
  type EngineCase,
  formatRun,
  formatRuns,
  getRecipientOutcome,
  withHarness,
} from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const PAID = { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" };
const UPDATED = { event_type: "recipient" };
const about = (variable: string, argument: Json, operator = "equal_to") => [
  { operator: "and", conditions: [{ variable, operator, argument }] },
];

function wait(settings: JsonObject = {}, extra: JsonObject = {}, ref = "wait_1"): JsonObject {
  const expires_after = { unit: "minutes", value: 30 };
  return { ref, type: "wait_for_event", settings: { event: PAID, expires_after, ...settings }, ...extra };
}

const paid =
  (data: JsonObject = {}, user_id: string | null = "ana", at: number | null = null) =>
  (h: EngineHarness) =>
    h.engine.deliverSourceEvent({ source_key: "shop", event_key: "paid", user_id, at, data });

const setUser = (id: string, body: JsonObject) => (h: EngineHarness) => h.engine.resources.users.set(id, body);

async function events(h: EngineHarness, id: string | null | undefined): Promise<JsonObject[]> {
  return ((await h.engine.readRecipientRun(id as string)) as { events: JsonObject[] }).events;
}

const WAITING = { ana: "paused: wait_1 waiting" };
const EMAIL = { ana: "completed: wait_1 passed, email_1 sent" };
const HALTED = (code: string) => ({ ana: `cancelled: wait_1 halted ${code}` });
const continues = { on_timeout: "continue" };
const template = step.email("S", "{{ refs.wait_1.matched }} {{ refs.wait_1.signal_variables.data.n }}");

const cases: EngineCase[] = [
  {
    title: "C-297 E-335 E-343 the run continues as soon as the event occurs, with the event's data",
    workflow: [wait(), template],
    runs: WAITING,
    moments: [
      { at: 10 * MINUTE, runs: WAITING },
      { at: 10 * MINUTE, action: paid({ n: 7 }), runs: EMAIL, messages: ["ana mail sent: true 7"] },
    ],
  },
  {
    title: "C-298 E-337 E-007 the run is canceled at the timeout",
    workflow: [wait(), step.email()],
    moments: [
      { at: 30 * MINUTE - SECOND, runs: WAITING },
      {
        at: 30 * MINUTE,
        runs: HALTED("wait_expired"),
        messages: [],
        check: async (h, outcome) =>
          expect((await events(h, outcome.recipients?.[0]?.recipient_run_id)).map(({ event }) => event)).toEqual([
            "run_started",
            "step_started",
            "run_paused",
            "run_resumed",
            "run_halted",
            "run_cancelled",
          ]),
      },
    ],
  },
  {
    title: "C-299 E-337 E-343 the run continues at the timeout with on_timeout, without an event",
    workflow: [wait(continues), step.email("S", "{{ refs.wait_1.matched }} {{ refs.wait_1.signal_variables | size }}")],
    moments: [
      {
        at: 30 * MINUTE,
        runs: EMAIL,
        check: (_h, outcome) =>
          expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ matched: false, signal_variables: {} }),
      },
    ],
  },
  {
    title: "C-300 E-336 the run halts at the event with on_match",
    workflow: [wait({ on_match: "halt", ...continues }), step.email()],
    moments: [
      { at: 10 * MINUTE, action: paid() },
      { at: 10 * MINUTE, runs: HALTED("event_matched"), messages: [] },
      { at: HOUR, runs: HALTED("event_matched"), messages: [] },
    ],
  },
  {
    title: "C-300 E-336 the run continues at the timeout although on_match halts",
    workflow: [wait({ on_match: "halt", ...continues }), step.email()],
    moments: [{ at: 30 * MINUTE, runs: EMAIL }],
  },
  {
    title: "C-301 E-339 events of another user, of another type or without a user do not match",
    workflow: [wait(), step.email()],
    moments: [
      { at: MINUTE, action: paid({}, "bo") },
      { at: MINUTE, action: paid({}, null) },
      {
        at: MINUTE,
        action: (h) =>
          h.engine.deliverSourceEvent({ source_key: "shop", event_key: "seen", user_id: "ana", at: null, data: {} }),
      },
      { at: 2 * MINUTE, runs: WAITING },
    ],
  },
  {
    title: "EQ-57 E-339 a run of an object matches any event of the source",
    workflow: [wait(), step.webhook()],
    payload: { recipients: [{ collection: "projects", id: "p1" }] },
    moments: [
      { at: MINUTE, action: paid({}, null) },
      { at: MINUTE, runs: { "projects/p1": "completed: wait_1 passed, hook_1 sent" } },
    ],
  },
  {
    title: "C-302 E-340 E-335 the first matching event continues the run, and earlier events are logged",
    workflow: [
      wait({ match_conditions: about("event.data.amount", "100", "greater_than") }),
      step.email("S", "{{ refs.wait_1.signal_variables.data.amount }}"),
    ],
    moments: [
      { at: MINUTE, action: paid({ amount: 50 }) },
      { at: MINUTE, runs: WAITING },
      { at: 2 * MINUTE, action: paid({ amount: 150 }) },
      { at: 3 * MINUTE, action: paid({ amount: 200 }) },
      {
        at: 3 * MINUTE,
        runs: EMAIL,
        messages: ["ana mail sent: 150"],
        check: async (h, outcome) => {
          const log = await events(h, outcome.recipients?.[0]?.recipient_run_id);
          const rejected = log.filter(({ event }) => event === "wait_conditions_evaluated");
          expect(rejected).toMatchObject([
            {
              step_ref: "wait_1",
              data: { passed: false, event: { data: { amount: 50 } }, conditions: [{ value: 50 }] },
            },
          ]);
          expect(log.filter(({ event }) => event === "run_resumed")).toHaveLength(1);
        },
      },
    ],
  },
  {
    title: "F-033 groups of match conditions are joined with OR",
    workflow: [
      wait({ match_conditions: [...about("event.data.n", 1), ...about("event.user_id", "ana")] }),
      step.email(),
    ],
    moments: [
      { at: MINUTE, action: paid({ n: 2 }) },
      { at: MINUTE, runs: EMAIL },
    ],
  },
  {
    title: "C-303 E-344 an event from before the wait does not match",
    workflow: [wait(), step.email()],
    moments: [
      { at: MINUTE, action: paid({}, "ana", T0 - 1) },
      { at: 2 * MINUTE, runs: WAITING },
      { at: 2 * MINUTE, action: paid({}, "ana", T0) },
      { at: 2 * MINUTE, runs: EMAIL },
    ],
  },
  {
    title: "E-344 an event after the wait is not kept for the next wait",
    workflow: [wait(continues), step.delay("minutes", 5), wait(continues, {}, "wait_2"), step.email()],
    moments: [
      { at: 31 * MINUTE, action: paid({}, "ana", T0 + MINUTE) },
      { at: 40 * MINUTE, runs: { ana: "paused: wait_1 passed, delay_1 passed, wait_2 waiting" } },
    ],
  },
  ...(
    [
      ["read", 5 * MINUTE, "cancelled: in_app_feed_1 sent, wait_1 halted event_matched"],
      ["not read", 30 * MINUTE, "completed: in_app_feed_1 sent, wait_1 passed, email_1 sent"],
    ] as const
  ).map(
    ([title, at, run]): EngineCase => ({
      title: `C-304 E-345 E-336 E-342 a run waits for its own message, which is ${title}`,
      workflow: [
        step.feed(),
        wait({
          event: { event_type: "message", source_type: "workflow", source_key: "digest", event_key: "read" },
          match_conditions: about("event.step_ref", "in_app_feed_1"),
          on_match: "halt",
          ...continues,
        }),
        step.email(),
      ],
      moments: [
        {
          at: 5 * MINUTE,
          action: async (h) => {
            const [message] = await h.listMessages("ana");
            if (message) await h.markMessage(message, title === "read" ? "read" : "seen");
          },
        },
        { at, runs: { ana: run } },
      ],
    }),
  ),
  {
    title: "E-342 E-345 the delivery of the run's own message right after the wait starts continues the run",
    workflow: [
      step.sms(),
      wait({
        event: { event_type: "message", source_type: "workflow", source_key: "digest", event_key: "sent" },
        match_conditions: about("event.channel_type", "sms"),
      }),
      step.email("S", "{{ refs.wait_1.signal_variables.event_type }}"),
    ],
    given: (h) => h.identify({ id: "ana", phone_number: "+15550000001" }),
    runs: { ana: "completed: sms_1 sent, wait_1 passed, email_1 sent" },
    messages: ["ana text sent: M", "ana mail sent: message.sent"],
  },
  {
    title: "C-306 E-342 a completed run of another workflow continues the run",
    given: (h) => h.define("child", { steps: [step.delay("minutes", 3)] }),
    workflow: [
      wait({
        event: { event_type: "workflow", source_key: "child", event_key: "completed" },
        match_conditions: about("event.workflow_key", "child"),
      }),
      step.email("S", "{{ refs.wait_1.signal_variables.notify_data.n }}"),
    ],
    moments: [
      {
        at: 0,
        action: async (h) => {
          await h.trigger("child", { recipients: ["ana", "bo"], data: { n: 3 } });
        },
      },
      { at: 3 * MINUTE - SECOND, runs: WAITING },
      { at: 3 * MINUTE, runs: EMAIL, messages: ["ana mail sent: 3"] },
    ],
  },
  {
    title: "E-342 a started run of another workflow continues the run",
    given: (h) => h.define("child", { steps: [step.delay("minutes", 3)] }),
    workflow: [
      wait({
        event: { event_type: "workflow", source_key: "child", event_key: "started" },
        match_conditions: about("event.status", "paused"),
      }),
      step.email(),
    ],
    moments: [
      { at: MINUTE, action: (h) => h.trigger("child", { recipients: ["bo"] }), runs: WAITING },
      { at: MINUTE, action: (h) => h.trigger("child", { recipients: ["ana"] }), runs: EMAIL },
    ],
  },
  {
    title: "C-308 E-340 E-342 the recipient's second change matches and continues the run",
    workflow: [wait({ event: UPDATED, match_conditions: about("event.properties.plan", "pro") }), step.email()],
    payload: { recipients: ["bo"] },
    moments: [
      { at: MINUTE, action: setUser("bo", { city: "Oslo" }) },
      { at: MINUTE, action: setUser("ana", { plan: "free" }), runs: { bo: "paused: wait_1 waiting" } },
      { at: 2 * MINUTE, action: setUser("bo", { plan: "pro" }) },
      { at: 2 * MINUTE, runs: { bo: "completed: wait_1 passed, email_1 sent" } },
    ],
  },
  {
    title: "C-308 E-342 an update without a change is not an event, but a changed preference is",
    workflow: [wait({ event: UPDATED }), step.email()],
    payload: { recipients: ["bo"] },
    moments: [
      { at: MINUTE, action: setUser("bo", { plan: "free" }) },
      { at: MINUTE, runs: { bo: "paused: wait_1 waiting" } },
      {
        at: MINUTE,
        action: (h) => h.engine.resources.preferences.set("bo", "default", { channel_types: { sms: false } }),
      },
      { at: MINUTE, runs: { bo: "completed: wait_1 passed, email_1 sent" } },
    ],
  },
  {
    title: "E-342 changes by the run's own steps do not continue it",
    workflow: [
      { ref: "u", type: "update_user", settings: { recipient_mode: "current", update_properties: '{"n": 1}' } },
      wait({ event: UPDATED }),
      { ref: "v", type: "update_user", settings: { recipient_mode: "current", update_properties: '{"n": 2}' } },
      step.delay("hours", 1),
      step.email(),
    ],
    runs: { ana: "paused: u passed, wait_1 waiting" },
    moments: [
      { at: MINUTE, action: setUser("ana", { n: 5 }) },
      { at: MINUTE, runs: { ana: "paused: u passed, wait_1 passed, v passed, delay_1 waiting 2025-06-04T11:01:00Z" } },
      {
        at: 2 * MINUTE,
        runs: { ana: "paused: u passed, wait_1 passed, v passed, delay_1 waiting 2025-06-04T11:01:00Z" },
      },
    ],
  },
  {
    title: "C-309 E-347 a waiting run is canceled",
    workflow: [wait(), step.email()],
    payload: { cancellation_key: "k" },
    moments: [
      { at: 5 * MINUTE, action: (h) => h.cancel("digest", "k") },
      { at: 6 * MINUTE, action: paid() },
      { at: HOUR, runs: { ana: "cancelled: wait_1 cancelled cancelled" }, messages: [] },
    ],
  },
  {
    title: "C-310 E-132 a branch reads the event's data",
    workflow: [
      wait(),
      {
        ref: "branch_1",
        type: "branch",
        branches: [
          {
            name: "paid",
            conditions: buildCondition("refs.wait_1.signal_variables.data.status", "equal_to", "paid"),
            steps: [step.email()],
          },
          { name: "default", steps: [step.feed()] },
        ],
      },
    ],
    moments: [
      { at: MINUTE, action: paid({ status: "paid" }) },
      { at: MINUTE, runs: { ana: "completed: wait_1 passed, branch_1 passed, email_1 sent" } },
    ],
  },
  {
    title: "C-311 E-238 skip_delay does not skip a wait",
    workflow: [wait(), step.email()],
    payload: { settings: { skip_delay: true } },
    runs: WAITING,
  },
  {
    title: "C-313 E-348 a false condition skips the wait, which has no event",
    workflow: [
      wait({}, { conditions: buildCondition("data.w", "equal_to", "true") }),
      step.email("S", "[{{ refs.wait_1.matched }}]"),
    ],
    runs: { ana: "completed: wait_1 skipped condition, email_1 sent" },
    messages: ["ana mail sent: []"],
  },
  {
    title: "E-341 match conditions may compare the run's data with the event",
    workflow: [wait({ match_conditions: about("data.order", "event.data.order") }), step.email()],
    payload: { data: { order: "o1" } },
    moments: [
      { at: MINUTE, action: paid({ order: "o2" }) },
      { at: MINUTE, runs: WAITING },
      { at: MINUTE, action: paid({ order: "o1" }) },
      { at: MINUTE, runs: EMAIL },
    ],
  },
  {
    title: "E-338 the default timeout is fifteen minutes",
    workflow: [{ ref: "wait_1", type: "wait_for_event", settings: { event: UPDATED, ...continues } }, step.email()],
    moments: [
      { at: 15 * MINUTE - SECOND, runs: WAITING },
      { at: 15 * MINUTE, runs: EMAIL },
    ],
  },
];
describeEngineCases("R. Wait for event", cases);

describe("R. Wait for event: validation and concurrency", () => {
  it.each([
    [
      "C-305 E-340 a message event without match conditions is rejected",
      { event: { event_type: "message", source_type: "workflow", source_key: "digest", event_key: "read" } },
      "/steps/0/settings/match_conditions",
    ],
    [
      "C-307 E-346 a static audience is rejected",
      { event: { event_type: "audience", audience_key: "beta", event_key: "enter" } },
      "/steps/0/settings/event/audience_key",
    ],
    [
      "C-312 E-338 a timeout of more than thirty days is rejected",
      { expires_after: { unit: "days", value: 31 } },
      "/steps/0/settings/expires_after",
    ],
  ])("%s", (_title, settings, pointer) =>
    withHarness(async (h) => {
      h.audiences.push({ key: "beta", name: "Beta", type: "static", segments: [] });
      expect(() => h.define("digest", { steps: [wait(settings)] })).toThrow(
        expect.objectContaining({
          code: "workflow_invalid",
          details: [expect.objectContaining({ pointer: expect.stringContaining(pointer) })],
        }),
      );
    }),
  );

  it("E-335 an event continues all runs whose waits it matches, once each", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [wait(), step.email()] });
      const started = [];
      for (let n = 0; n < 3; n++) started.push(await h.trigger("digest", { recipients: ["ana", "bo"] }));
      await paid()(h);
      for (const one of started)
        expect(formatRuns(await h.readOutcome(one))).toEqual({ ...EMAIL, bo: "paused: wait_1 waiting" });
      await h.at(DAY);
      expect(await h.listMessages("bo")).toEqual([]);
      expect(await h.store.listDueKinds(h.now)).toEqual(new Set());
    }));

  it("E-335 an event that occurs while the run processes another event is processed next", async () => {
    let onSave: () => Promise<unknown> = async () => {};
    const h = await EngineHarness.open({
      overrideStore: (store) => ({
        saveAdvances: async (...args) => {
          const act = onSave;
          onSave = async () => {};
          await act();
          return store.saveAdvances(...args);
        },
      }),
    });
    try {
      h.define("digest", { steps: [wait({ match_conditions: about("event.data.n", 2) }), step.email()] });
      const started = await h.trigger("digest", { recipients: ["ana"] });
      const event = (n: number) => ({
        name: JSON.stringify(["integration_source", "shop", "paid"]),
        recipient: "$users/ana" as never,
        at: h.now,
        event: { data: { n } },
      });
      onSave = () => h.store.recordEvents([event(2)], h.now);
      await paid({ n: 1 })(h);
      expect(formatRun(getRecipientOutcome(await h.readOutcome(started), "ana"))).toBe(EMAIL.ana);
    } finally {
      await h.close();
    }
  });

  it("E-053 deleting the recipient deletes the waiting run", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [wait(), step.email()] });
      const started = await h.trigger("digest", { recipients: ["ana"] });
      await h.engine.resources.users.delete("ana");
      await paid()(h);
      expect(formatRuns(await h.readOutcome(started))).toEqual({});
    }));
});
