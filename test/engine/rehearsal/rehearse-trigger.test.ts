import { describe, expect, it } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { RehearsedRun } from "../../../src/ports/rehearsal.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE } from "../../helpers/case-times.js";
import { formatRun, formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const batch = {
  ref: "batch_1",
  type: "batch",
  settings: { batch_window: { unit: "minutes", value: 5 } },
};
const throttle = {
  ref: "throttle_1",
  type: "throttle",
  settings: { throttle_window: { unit: "hours", value: 1 }, throttle_limit: 1 },
};
const wait = {
  ref: "wait_1",
  type: "wait_for_event",
  settings: {
    event: { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" },
    expires_after: { unit: "minutes", value: 30 },
    on_timeout: "continue",
  },
};
const fetchStep = {
  ref: "fetch_1",
  type: "http_fetch",
  settings: { method: "get", url: "https://api.test/a", halt_on_error: true },
};

async function rehearse(h: EngineHarness, payload: JsonObject): Promise<RehearsedRun[]> {
  const rehearsed: RehearsedRun[] = [];
  await h.engine.rehearseTrigger(parseTrigger(payload, "digest").trigger, {
    at: null,
    isDataRequired: true,
    rendersAll: false,
    onRuns: (runs) => void rehearsed.push(...runs),
  });
  return rehearsed;
}

const format = (runs: readonly RehearsedRun[]) =>
  Object.fromEntries(runs.map(({ recipient, outcome }) => [recipient, formatRun(outcome)]));

/** Workflows, whose rehearsal must come to the same as a trigger whose time passes. */
const WORKFLOWS: [name: string, definition: JsonObject, payload: JsonObject][] = [
  [
    "messages in sequence",
    { steps: [step.feed(), step.delay("minutes", 30), step.email()] },
    { recipients: ["ana", "fay"] },
  ],
  ["a batch", { steps: [batch, step.email("S", "{{ total_activities }}")] }, { recipients: ["ana"], data: { n: 1 } }],
  ["a throttle", { steps: [throttle, step.feed()] }, { recipients: ["ana"] }],
  ["a wait without an event", { steps: [wait, step.email("S", "{{ refs.wait_1.matched }}")] }, { recipients: ["ana"] }],
  [
    "a condition on a message",
    {
      steps: [
        step.feed(),
        step.delay("hours", 1),
        step.email("S", "B", {
          conditions: buildCondition("refs.in_app_feed_1.engagement_status", "not_contains", "$message.seen"),
        }),
      ],
    },
    { recipients: ["ana", "bo"] },
  ],
  [
    "an update of the recipient",
    {
      steps: [
        {
          ref: "u",
          type: "update_user",
          settings: { recipient_mode: "current", update_properties: '{"plan":"gold"}' },
        },
        step.delay("hours", 1),
        step.email("S", "B", { conditions: buildCondition("recipient.plan", "equal_to", "gold") }),
      ],
    },
    { recipients: ["bo"] },
  ],
  ["inline recipients", { steps: [step.sms()] }, { recipients: [{ id: "new", phone_number: "+15550000009" }] }],
];

describe("rehearseTrigger", () => {
  it.each(WORKFLOWS)("comes to the same as a trigger, and writes nothing: %s", (_name, definition, payload) =>
    withHarness(async (h) => {
      h.define("digest", definition);
      const readStore = async () => ({
        runs: (await h.engine.listRecipientRuns({}, { limit: 10 })).items,
        recipients: (await h.engine.resources.users.list({}, { limit: 50 })).items,
        // That of PostgreSQL changes with every transaction of the server.
        token: process.env.KNOCK_TEST_STORE === "postgres" ? "" : await h.store.readChangeToken(),
      });
      const before = await readStore();
      const rehearsed = await rehearse(h, payload);
      expect(await readStore()).toEqual(before);
      expect(h.deliveredMessages).toEqual([]);
      expect(await h.listMessages()).toEqual([]);
      const started = await h.trigger("digest", payload);
      await h.moveTo(h.now + DAY);
      const real = formatRuns(await h.readOutcome(started));
      expect(Object.values(format(rehearsed)).sort()).toEqual(Object.values(real).sort());
    }),
  );

  it("E-247 joins the open batch of the store", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [batch, step.email()] });
      await h.trigger("digest", { recipients: ["ana"], data: { n: 1 } });
      h.now += MINUTE;
      const [run] = await rehearse(h, { recipients: ["ana"], data: { n: 2 } });
      expect(run).toMatchObject({ joinedUntil: h.now + 4 * MINUTE, messages: [] });
      expect(run?.outcome.steps).toMatchObject([{ outcome: "halted", reason: { code: "batched" } }]);
    }));

  it("E-284 E-068 knows used throttles and frequencies, and uses none", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [throttle, step.feed()] });
      for (let time = 0; time < 2; time++)
        expect(format(await rehearse(h, { recipients: ["ana"] }))).toMatchObject({
          "$users/ana": "completed: throttle_1 passed, in_app_feed_1 sent",
        });
      await h.trigger("digest", { recipients: ["ana"] });
      expect((await rehearse(h, { recipients: ["ana"] }))[0]?.outcome.steps).toMatchObject([
        { reason: { code: "throttled" } },
      ]);
      h.define("digest", { steps: [step.feed()], trigger_frequency: "once_per_recipient" });
      expect((await rehearse(h, { recipients: ["bo"] }))[0]?.outcome.steps).toHaveLength(1);
      await h.trigger("digest", { recipients: ["bo"] });
      expect((await rehearse(h, { recipients: ["bo"] }))[0]?.outcome.reason).toMatchObject({
        code: "trigger_frequency",
      });
    }));

  it("E-184 holds a message for its send window", () =>
    withHarness(async (h) => {
      const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
      const send_windows = days.map((day) => ({ day, type: "send", from: "23:00", until: "23:30" }));
      h.define("digest", { steps: [step.email("S", "B", { send_windows })] });
      const [run] = await rehearse(h, { recipients: ["bo"] });
      expect(run?.outcome.steps).toMatchObject([{ outcome: "queued", until: expect.stringContaining("T23:00") }]);
    }));

  it("sends no request", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [fetchStep, step.feed()] });
      const [run] = await rehearse(h, { recipients: ["ana"] });
      expect(run?.outcome.steps).toMatchObject([{ reason: { code: "fetch_error" } }]);
      expect(h.requests).toEqual([]);
    }));

  it("reaches subscribers in chunks, with contents only in the first", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed("{{ recipient.id }}")] });
      const ids = Array.from({ length: 1_100 }, (_, index) => `s${index}`);
      await h.identify(...ids.map((id) => ({ id })));
      const { subscriptions } = h.engine.resources;
      for (let start = 0; start < ids.length; start += 100)
        await subscriptions.add({ collection: "projects", id: "p1" }, { recipients: ids.slice(start, start + 100) });
      const rehearsed = await rehearse(h, { recipients: [{ collection: "projects", id: "p1" }] });
      expect(rehearsed).toHaveLength(1_101);
      const contents = rehearsed.map(({ messages }) => messages[0]?.content);
      expect(contents[1]).toMatchObject({ blocks: expect.anything() });
      expect(contents.at(-1)).toEqual({});
      expect(rehearsed.every(({ outcome }) => outcome.steps[0]?.outcome === "sent")).toBe(true);
    }));

  it("rejects what a trigger rejects", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed()] });
      await expect(rehearse(h, { recipients: ["ana"], actor: "nobody" })).rejects.toMatchObject({
        code: "actor_missing",
      });
      await expect(
        h.engine.rehearseTrigger(parseTrigger({ recipients: ["ana"] }, "none").trigger, {
          at: h.now + HOUR,
          isDataRequired: true,
          rendersAll: true,
          onRuns: () => {},
        }),
      ).rejects.toMatchObject({ code: "workflow_missing" });
    }));
});
