import { describe, expect, it } from "vitest";
import type { TriggerOutcome } from "../../../src/domain/run/outcome.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

async function detail(h: EngineHarness, outcome: TriggerOutcome): Promise<JsonObject & { steps: JsonObject[] }> {
  const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
  return run as JsonObject & { steps: JsonObject[] };
}

describe("the API's detail of a recipient run", () => {
  it("E-096 shows the conditions of executed and of skipped steps, with the compared values", () =>
    withHarness(async (h) => {
      const isPro = buildCondition("recipient.plan", "equal_to", "pro");
      const any: JsonObject = {
        any: [
          { variable: "data.n", operator: "greater_than", argument: "5" },
          { variable: "data.none", operator: "exists" },
        ],
      };
      h.define("digest", {
        steps: [
          step.email("S", "B", { conditions: isPro }),
          step.sms("M", { conditions: any }),
          step.delay("hours", 1, { conditions: buildCondition("data.n", "equal_to", "2") }),
          step.feed(),
        ],
      });
      const { steps } = await detail(h, await h.trigger("digest", { recipients: ["ana"], data: { n: 1 } }));
      const shown = Object.fromEntries(steps.map(({ ref, outcome, conditions }) => [ref, [outcome, conditions]]));
      const plan = { variable: "recipient.plan", operator: "equal_to", argument: "pro", value: "pro", result: true };
      expect(shown).toEqual({
        email_1: ["sent", [plan]],
        sms_1: [
          "skipped",
          [
            { variable: "data.n", operator: "greater_than", argument: 5, value: 1, result: false },
            { variable: "data.none", operator: "exists", argument: null, value: null, result: false },
          ],
        ],
        delay_1: ["skipped", [{ variable: "data.n", operator: "equal_to", argument: 2, value: 1, result: false }]],
        in_app_feed_1: ["sent", undefined],
      });
    }));

  it("E-096 keeps the conditions of a delay that the run waited at", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [step.delay("hours", 1, { conditions: buildCondition("data.n", "equal_to", "1") })],
      });
      const outcome = await h.trigger("digest", { recipients: ["ana"], data: { n: 1 } });
      await h.at(3_600_000);
      const { steps } = await detail(h, outcome);
      expect(steps).toMatchObject([
        { outcome: "passed", conditions: [{ variable: "data.n", value: 1, result: true }] },
      ]);
    }));

  it("E-071 shows the trigger conditions that stopped the run", () =>
    withHarness(async (h) => {
      h.define("digest", { conditions: buildCondition("data.n", "equal_to", "2"), steps: [step.feed()] });
      const run = await detail(h, await h.trigger("digest", { recipients: ["ana"], data: { n: 1 } }));
      expect(run).toMatchObject({
        steps: [],
        reason: { code: "condition" },
        conditions: [{ value: 1, result: false }],
      });
    }));

  it("E-159 shows the preferences that decided", () =>
    withHarness(async (h) => {
      h.environment.preferences = { categories: { updates: false } };
      h.define("digest", { categories: ["updates"], steps: [step.email()] });
      const { steps } = await detail(h, await h.trigger("digest", { recipients: ["ana"] }));
      expect(steps[0]?.preference).toEqual({
        set: "environment_default",
        id: null,
        path: "categories.updates",
        value: false,
      });
    }));
});
