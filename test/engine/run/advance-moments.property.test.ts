import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const window = (value: number) => ({ unit: "seconds", value });

/** Steps whose effects reach other runs, or that other runs affect, beside steps that concern only their own run. */
const STEPS: Record<string, (ref: string, seconds: number) => JsonObject> = {
  delay: (ref, seconds) => step.delay("seconds", seconds, {}, ref),
  feed: (ref) => step.feed("{{ recipient.color | default: 'none' }} {{ total_activities }}", {}, ref),
  email: (ref) => step.email("{{ recipient.color | default: 'none' }}", "B", {}, "mail", ref),
  batch: (ref, seconds) => ({ ref, type: "batch", settings: { batch_window: window(seconds * 3) } }),
  throttle: (ref, seconds) => ({
    ref,
    type: "throttle",
    settings: { throttle_limit: 1, throttle_window: window(seconds * 5) },
  }),
  update: (ref) => ({
    ref,
    type: "update_user",
    settings: {
      recipient_mode: "current",
      recipient_gid: null,
      update_properties: `{"color":"{{ data.n }} {{ recipient.color | default: '' | slice: 0, 9 }}"}`,
    },
  }),
  nested: (ref) => ({
    ref,
    type: "trigger_workflow",
    settings: { workflow_key: "nested", recipients: "{{ recipient.id }}", data: '{"n":{{ data.n }}}' },
  }),
};

interface Scenario {
  steps: [type: string, seconds: number][];
  nested: [type: string, seconds: number][];
  triggers: { users: string[]; after: number }[];
}

const USERS = ["ana", "bo", "dee", "eli"];

const steps = (types: string[]) =>
  fc.array(fc.tuple(fc.constantFrom(...types), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 5 });

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  steps: steps(["delay", "delay", "delay", "feed", "feed", "email", "batch", "throttle", "update", "nested"]),
  nested: steps(["delay", "feed", "throttle", "update"]),
  triggers: fc.array(
    fc.record({
      users: fc.subarray(USERS, { minLength: 1 }),
      after: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

/** Runs a scenario, then moves the clock by an hour. Returns everything that users can see, without IDs. */
async function run(scenario: Scenario, isGrouped: boolean): Promise<Json> {
  const harness = await EngineHarness.open({
    overrideStore: (store) => ({
      claimDueRuns: (claim, limit) => store.claimDueRuns(isGrouped ? claim : { ...claim, until: claim.now }, limit),
    }),
  });
  try {
    const toSteps = (list: Scenario["steps"]) =>
      list.map(([type, seconds], index) => (STEPS[type] as (typeof STEPS)[string])(`s${index}_${type}`, seconds));
    harness.deliver = (message) =>
      message.attempts < 2 && message.recipient === "$users/bo"
        ? { status: "failed", retryable: true, reason: "later" }
        : { status: "sent" };
    harness.define("nested", { steps: toSteps(scenario.nested) });
    harness.define("main", { steps: toSteps(scenario.steps) });
    const ids: string[] = [];
    for (const [n, { users, after }] of scenario.triggers.entries()) {
      harness.now += after * SECOND;
      ids.push((await harness.trigger("main", { recipients: users, data: { n } })).workflow_run_id);
    }
    const { ran } = await harness.engine.moveClock(T0 + 60 * MINUTE, { force: false });
    const { items: runs } = await harness.store.listRecipientRuns({}, { limit: 1_000 });
    const strip = (value: unknown): Json =>
      JSON.parse(JSON.stringify(value, (key, part) => (/(^|_)ids?$/.test(key) ? undefined : part)) ?? "null");
    return strip({
      ran,
      runs: runs.map(({ recipientRun }) => recipientRun),
      messages: await harness.listMessages(),
      delivered: harness.deliveredMessages.map(({ recipient, step_ref, inserted_at }) => [
        recipient,
        step_ref,
        inserted_at,
      ]),
      colors: await Promise.all(USERS.map(async (user) => (await harness.recipient(user))?.properties.color ?? null)),
    });
  } finally {
    await harness.close();
  }
}

describe("moving the clock over many moments", () => {
  it("has the same result whether moments are saved together or one by one", () =>
    fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        expect(await run(scenario, true)).toEqual(await run(scenario, false));
      }),
      getPropertyRuns(400),
    ));
});
