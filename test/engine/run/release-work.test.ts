import { setImmediate as nextRound } from "node:timers/promises";
import { expect, it } from "vitest";
import { step } from "../../helpers/build-steps.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";
import { SLOW_OUTPUT } from "../../helpers/hostile-inputs.js";
import { useShortRenderLimit } from "../../helpers/short-render-limit.js";

useShortRenderLimit();

it("work in progress ends between two runs when it is released, so that slow renderings do not delay the end of a process", async () => {
  let steps = 0;
  const h = await EngineHarness.open({ onStep: () => steps++ });
  try {
    h.define("slow", { steps: [step.feed(SLOW_OUTPUT)] });
    void h.trigger("slow", { recipients: Array.from({ length: 20 }, (_, number) => ({ id: `r${number}` })) });
    await eventually(() => steps > 0);
    await h.engine.releaseWork();
    const before = steps;
    for (let round = 0; round < 5; round++) await nextRound();
    expect(steps).toBe(before);
    expect(before).toBeLessThan(20);
  } finally {
    await h.close();
  }
});
