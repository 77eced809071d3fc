import type { TriggerOutcome } from "../../src/domain/run/outcome.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildCondition, step } from "./build-steps.js";
import type { EngineHarness } from "./engine-harness.js";

/**
 * Defines the workflow `fork` with branches, a condition and a delay, and triggers it for `u1`: the second branch is
 * taken, its first step is skipped, and the run waits.
 */
export async function triggerFork(harness: EngineHarness): Promise<TriggerOutcome> {
  const wait = (ref: string): JsonObject => ({
    ref,
    type: "delay",
    settings: { delay_for: { unit: "hours", value: 2 } },
  });
  harness.define("fork", {
    steps: [
      step.feed("Hi"),
      {
        ref: "branch_1",
        name: "By size",
        type: "branch",
        branches: [
          {
            name: "Large",
            terminates: true,
            conditions: {
              any: [
                { variable: "data.size", operator: "greater_than", argument: "100" },
                { variable: "data.force", operator: "equal_to", argument: "true" },
              ],
            },
            steps: [step.sms("Large")],
          },
          {
            name: "Small",
            conditions: buildCondition("data.size", "less_than", 10),
            steps: [
              step.email("S", "B", { conditions: buildCondition("data.color", "equal_to", "red") }),
              wait("delay_1"),
            ],
          },
          { name: "Default", steps: [] },
        ],
      } as JsonObject,
      wait("delay_2"),
    ],
  });
  return harness.trigger("fork", { recipients: ["u1"], data: { size: 4, color: "blue" } });
}
