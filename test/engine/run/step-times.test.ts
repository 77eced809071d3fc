import { expect, it } from "vitest";
import { EngineHarness, step } from "../../helpers/engine-harness.js";

it("each executed step is reported once with its time, and a step with a request when it is answered", async () => {
  const types: string[] = [];
  const harness = await EngineHarness.open({
    onStep(type, seconds) {
      expect(seconds).toBeGreaterThanOrEqual(0);
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
    await harness.close();
  }
});
