import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { computeCohortSlot } from "../../../src/engine/steps/random-cohort-handler.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { formatRuns, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

type Share = number | string;

function experiment(shares: Share[], extra: JsonObject = {}, steps: (index: number) => Json[] = () => []): JsonObject {
  return {
    ref: "experiment_1",
    type: "random_cohort",
    cohort_branches: shares.map((percentage, index) => ({
      name: "ABCDEFGHIJK"[index] as string,
      percentage,
      steps: steps(index),
    })),
    ...extra,
  };
}

/** Returns the slot and cohort of each recipient's run. */
async function cohorts(h: EngineHarness, recipients: string[], tenant: string | null = null): Promise<string[]> {
  const outcome = await h.trigger("promo-test", { recipients, tenant });
  return Promise.all(
    recipients.map(async (id) => {
      const found = getRecipientOutcome(outcome, id);
      const run = await h.store.readRecipientRun(found.recipient_run_id as string);
      const slot = run?.recipientRun.events.find(({ step_ref }) => step_ref === "experiment_1")?.data?.slot;
      return `${slot} ${found.steps[0]?.branch}`;
    }),
  );
}

const EVERYONE = ["ana", "bo", "cy", "dee", "eli"];

// The branch cases C-269 to C-273 are in branch.test.ts.
describe("P. Experiment", () => {
  it("C-274 E-311 EQ-49 a recipient has the same cohort on every trigger", () =>
    withHarness(async (h) => {
      h.define("promo-test", { steps: [experiment([40, 60])] });
      const expected = ["838 B", "100 A", "404 B", "389 A", "726 B"];
      expect(await cohorts(h, EVERYONE)).toEqual(expected);
      expect(await cohorts(h, EVERYONE)).toEqual(expected);
    }));

  it("C-275 E-312 a cohort of 0 percent contains no recipients", () =>
    withHarness(async (h) => {
      h.define("promo-test", { steps: [experiment([0, 100])] });
      const many = Array.from({ length: 50 }, (_, n) => `u${n}`);
      await h.identify(...many.map((id) => ({ id })));
      for (const cohort of await cohorts(h, [...EVERYONE, ...many])) expect(cohort).toMatch(/ B$/);
    }));

  it("E-312 EQ-49 slot 838 is outside a cohort of 83.8 percent and inside one of 83.9 percent", () =>
    withHarness(async (h) => {
      h.define("promo-test", { steps: [experiment(["83.8", "16.2"])] });
      expect(await cohorts(h, ["ana"])).toEqual(["838 B"]);
      h.define("promo-test", { steps: [experiment([83.9, 16.1])] });
      expect(await cohorts(h, ["ana"])).toEqual(["838 A"]);
    }));

  it.each<[string, Share[], string]>([
    [
      "C-276 E-312 percentages with a sum of 99.9 are rejected",
      ["33.3", "33.3", "33.3"],
      "the percentages must sum to 100, found 99.9",
    ],
    ["E-312 percentages with a sum of 100.1 are rejected", [50, 50.1], "the percentages must sum to 100, found 100.1"],
    [
      "E-313 percentages with two decimals are rejected",
      ["33.33", "66.67"],
      "must be from 0 to 100, with at most one decimal",
    ],
    ["E-313 a single cohort is rejected", [100], "must be a list of 2 to 10 cohorts"],
    [
      "E-313 eleven cohorts are rejected",
      [0, ...Array.from({ length: 10 }, () => 10)],
      "must be a list of 2 to 10 cohorts",
    ],
  ])("%s", (_title, shares, message) => {
    expect(() => parseWorkflow("promo-test", { name: "P", steps: [experiment(shares)] })).toThrow(
      expect.objectContaining({
        code: "workflow_invalid",
        details: expect.arrayContaining([expect.objectContaining({ message })]),
      }),
    );
  });

  it("C-277 E-314 a cohort_key with the tenant's ID assigns cohorts by tenant", () =>
    withHarness(async (h) => {
      h.define("promo-test", { steps: [experiment([50, 50], { cohort_key: "{{ tenant.id }}" })] });
      const of = async (tenant: string) => new Set(await cohorts(h, EVERYONE, tenant));
      const [acme, zeta] = [await of("acme"), await of("zeta")];
      expect([acme.size, zeta.size]).toEqual([1, 1]);
      expect(acme).not.toEqual(zeta);
    }));

  it("E-314 E-244 a cohort_key may be a path into the data", () =>
    withHarness(async (h) => {
      h.define("promo-test", { steps: [experiment([50, 50], { cohort_key: "data.group" })] });
      const readSlot = async (group: string, recipient: string) => {
        const outcome = await h.trigger("promo-test", { recipients: [recipient], data: { group } });
        const run = await h.store.readRecipientRun(getRecipientOutcome(outcome, recipient).recipient_run_id as string);
        return run?.recipientRun.events.find(({ step_ref }) => step_ref === "experiment_1")?.data?.slot;
      };
      for (const recipient of ["ana", "bo"])
        expect(await readSlot("g1", recipient)).toBe(computeCohortSlot("promo-test", "experiment_1", "g1"));
      expect(await readSlot("g1", "ana")).not.toBe(await readSlot("g2", "ana"));
    }));

  it("E-311 each step and workflow assigns cohorts separately", () =>
    withHarness(async (h) => {
      h.define("promo-test", { steps: [experiment([50, 50])] });
      h.define("other", { steps: [experiment([50, 50])] });
      const slot = async (key: string) => {
        const outcome = await h.trigger(key, { recipients: ["ana"] });
        const run = await h.store.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
        return run?.recipientRun.events.find(({ step_ref }) => step_ref === "experiment_1")?.data?.slot;
      };
      expect(await slot("promo-test")).toBe(838);
      expect(await slot("other")).not.toBe(838);
      expect(computeCohortSlot("promo-test", "experiment_1", "ana")).toBe(838);
      expect(computeCohortSlot("promo-test", "experiment_2", "ana")).not.toBe(838);
    }));

  it("E-308 E-310 the cohort's steps run before the following steps, and a terminating cohort ends the run", () =>
    withHarness(async (h) => {
      const steps = (index: number): Json[] => [
        step.delay("minutes", 5, {}, `delay_${index}`),
        step.email(`cohort ${index}`, "B", {}, "mail", `email_${index}`),
      ];
      const [a, b] = experiment([40, 60], {}, steps).cohort_branches as [JsonObject, JsonObject];
      h.define("promo-test", {
        steps: [experiment([], { cohort_branches: [a, { ...b, terminates: true }] }), step.feed()],
      });
      const started = await h.trigger("promo-test", { recipients: ["ana", "bo"] });
      await h.at(5 * 60_000);
      expect(formatRuns(await h.readOutcome(started))).toEqual({
        ana: "completed: experiment_1 passed, delay_1 passed, email_1 sent",
        bo: "completed: experiment_1 passed, delay_0 passed, email_0 sent, in_app_feed_1 sent",
      });
    }));

  it("F-045 conditions on an experiment are ignored", () =>
    withHarness(async (h) => {
      h.define("promo-test", {
        steps: [experiment([0, 100], { conditions: buildCondition("recipient.plan", "equal_to", "none") })],
      });
      expect(await cohorts(h, ["ana"])).toEqual(["838 B"]);
    }));
});
