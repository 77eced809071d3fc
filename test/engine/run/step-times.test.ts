import { expect, it, vi } from "vitest";
import { monotonicClock } from "../../../src/util/monotonic-clock.js";
import { step } from "../../helpers/build-steps.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

it("each executed step is reported once with its time, and a step with a request when it is answered", async () => {
  const types: string[] = [];
  // The clock moves on by 250 ms whenever it is read, so that each step takes this long.
  let now = 0;
  const clock = vi.spyOn(monotonicClock, "now").mockImplementation(() => {
    now += 250;
    return now;
  });
  const harness = await EngineHarness.open({
    onStep(type, seconds) {
      expect(seconds).toBe(0.25);
      types.push(type);
    },
  });
  try {
    const fetchStep = { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/a" } };
    harness.define("digest", { steps: [step.feed("one"), fetchStep, step.sms(), step.delay("minutes", 1)] });
    await harness.trigger("digest", { recipients: ["ana"] });
    expect(harness.requests).toHaveLength(1);
    expect(types).toEqual(["channel", "http_fetch", "channel", "delay"]);
  } finally {
    clock.mockRestore();
    await harness.close();
  }
});
