import { expect, it, vi } from "vitest";
import { monotonicClock } from "../../../src/util/monotonic-clock.js";
import { step } from "../../helpers/build-steps.js";
import { withHarness } from "../../helpers/engine-case.js";

it("a trigger lets the event loop run between slow runs, so that signals and requests are handled", () =>
  withHarness(async (h) => {
    h.define("digest", { steps: [step.delay("minutes", 1)] });
    const recipients = Array.from({ length: 8 }, (_, index) => ({ id: `u${index}` }));
    let now = 0;
    // Each run takes 60 ms, and the loop may be blocked for 100 ms.
    const clock = vi.spyOn(monotonicClock, "now").mockImplementation(() => {
      now += 60;
      return now;
    });
    const turns = vi.spyOn(globalThis, "setImmediate");
    try {
      const outcome = await h.trigger("digest", { recipients });
      expect(outcome.recipients).toHaveLength(8);
      expect(turns.mock.calls.length).toBeGreaterThanOrEqual(3);
    } finally {
      clock.mockRestore();
      turns.mockRestore();
    }
  }));
