import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChannelGroup } from "../../../src/domain/environment/environment.js";
import { step } from "../../helpers/build-steps.js";
import { formatSteps, getRecipientOutcome } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const group = (over: Partial<ChannelGroup>): ChannelGroup => ({
  key: "phones",
  type: "push",
  operator: "any",
  rules: [
    { index: 0, channel: "ios", rule_type: "always" },
    { index: 1, channel: "droid", rule_type: "if", variable: "recipient.plan", operator: "equal_to", argument: "pro" },
  ],
  ...over,
});

describe("H. Channel groups", () => {
  let engine: EngineHarness;

  beforeEach(async () => {
    engine = await EngineHarness.open();
    await engine.identify(
      { id: "ana", channel_data: { ios: { tokens: ["i1"] }, droid: { tokens: ["d1"] } } },
      { id: "bo", channel_data: { droid: { tokens: ["d2"] } } },
    );
  });
  afterEach(() => engine.close());

  async function run(over: Partial<ChannelGroup>, recipients: string[]) {
    engine.environment.channel_groups.phones = group(over);
    const push = { ...step.push(), channel_key: null, channel_group_key: "phones" };
    engine.define("g", { steps: [push] });
    return engine.trigger("g", { recipients });
  }

  it("E-096 E-189 the run shows the values that the rules compared", async () => {
    const rule = { variable: "recipient.plan", operator: "equal_to", argument: "none" } as const;
    const rules = [{ index: 0, rule_type: "if", ...rule, channel: "ios" }] as ChannelGroup["rules"];
    const outcome = await run({ rules }, ["ana"]);
    const shown = await engine.engine.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
    expect(shown?.steps).toMatchObject([
      { outcome: "skipped", conditions: [{ ...rule, value: "pro", result: false }] },
    ]);
  });

  it("C-151 E-189 EQ-31 every channel whose rule passes is used, and the step is skipped if none can be used", async () => {
    const outcome = await run({}, ["ana", "bo"]);
    expect([formatSteps(getRecipientOutcome(outcome, "ana")), formatSteps(getRecipientOutcome(outcome, "bo"))]).toEqual(
      [["push_1 sent"], ["push_1 skipped missing_recipient_data"]],
    );
    expect((await engine.listMessages("ana")).map(({ channel, content }) => [channel.key, content.token])).toEqual([
      ["ios", "i1"],
      ["droid", "d1"],
    ]);
    expect(await engine.listMessages("bo")).toEqual([]);
  });

  it("E-189 EQ-31 with the operator all, one rule that fails skips the step", async () => {
    const outcome = await run({ operator: "all" }, ["ana", "bo"]);
    expect([formatSteps(getRecipientOutcome(outcome, "ana")), formatSteps(getRecipientOutcome(outcome, "bo"))]).toEqual(
      [["push_1 sent"], ["push_1 skipped condition"]],
    );
  });

  it.each([
    [100, ["ios"]],
    [0, []],
  ])("E-190 a random cohort of %i percent decides the channel", async (percent, expected) => {
    const rule = {
      index: 0,
      channel: "ios",
      rule_type: "if",
      variable: "recipient.id",
      operator: "is_in_random_cohort",
      argument: percent,
    } as const;
    await run({ rules: [rule] }, ["ana"]);
    expect((await engine.listMessages("ana")).map(({ channel }) => channel.key)).toEqual(expected);
  });
});
