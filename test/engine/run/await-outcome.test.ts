import { describe, expect, it } from "vitest";
import type { WaitOptions } from "../../../src/ports/operations.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const DELAYED = [step.delay("minutes", 1), step.feed()];
const WAITING = "paused: delay_1 waiting 2025-06-04T10:01:00Z";
const COMPLETED = "completed: delay_1 passed, in_app_feed_1 sent";

async function follow(h: EngineHarness, options: Partial<WaitOptions>): Promise<{ run: string; timeouts: number }> {
  const started = await h.trigger("digest", { recipients: ["ana"] });
  let timeouts = 0;
  const onTimeout = () => {
    timeouts++;
  };
  const outcome = await h.engine.awaitOutcome(started, { timeout_ms: null, onTimeout, ...options });
  return { run: formatRuns(outcome).ana as string, timeouts };
}

describe("following a trigger", () => {
  it("reports the timeout once, if runs have not ended", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: DELAYED });
      expect(await follow(h, { timeout_ms: 500 })).toEqual({ run: WAITING, timeouts: 1 });
      expect(h.now).toBe(T0 + 500);
      expect(await follow(h, { timeout_ms: 2 * MINUTE })).toMatchObject({ timeouts: 0 });
    }));

  it("needs neither a timeout nor another callback", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: DELAYED });
      const started = await h.trigger("digest", { recipients: ["ana"] });
      expect(formatRuns(await h.engine.awaitOutcome(started, { timeout_ms: 0 }))).toEqual({ ana: WAITING });
      expect(formatRuns(await h.engine.awaitOutcome(started, { timeout_ms: null }))).toEqual({ ana: COMPLETED });
      expect(h.now).toBe(T0 + MINUTE);
    }));

  it("ends without a timeout when it is interrupted", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: DELAYED });
      const signal = AbortSignal.abort();
      expect(await follow(h, { signal })).toEqual({ run: WAITING, timeouts: 0 });
      expect(await follow(h, { signal, timeout_ms: 0 })).toEqual({ run: WAITING, timeouts: 0 });
    }));

  it("waits for a message that is queued, although the run has ended", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email("S", "B", { send_windows: afternoon() })] });
      const { run, timeouts } = await follow(h, { timeout_ms: 10 * SECOND });
      expect(run).toBe("completed: email_1 queued 2025-06-04T16:00:00Z");
      expect(timeouts).toBe(1);
    }));

  it("counts only runs that have ended, and looks at others at intervals", async () => {
    const progress: string[] = [];
    await withHarness(async (h) => {
      h.define("digest", { steps: [step.delayUntil("recipient.joins_at"), step.feed()] });
      await h.identify({ id: "ana", joins_at: new Date(T0 + SECOND).toISOString() }, { id: "bo", joins_at: "never" });
      const started = await h.trigger("digest", { recipients: ["ana", "bo", "ghost"] });
      await h.engine.awaitOutcome(started, {
        timeout_ms: null,
        onProgress: (ended, total) => progress.push(`${ended}/${total} at ${h.now - T0}`),
      });
    });
    expect(progress).toEqual(["2/3 at 0", "2/3 at 200", "2/3 at 400", "2/3 at 600", "2/3 at 800", "3/3 at 1000"]);
  });

  it("keeps the mark of a repeated trigger", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed()] });
      const first = await h.trigger("digest", { recipients: ["ana"] }, "k");
      const again = await h.trigger("digest", { recipients: ["ana"] }, "k");
      expect("replayed" in (await h.engine.awaitOutcome(first, { timeout_ms: null }))).toBe(false);
      expect(await h.engine.awaitOutcome(again, { timeout_ms: null })).toEqual({ ...first, replayed: true });
    }));
});

/** Returns send windows that open at noon in New York, which is ana's time zone. */
function afternoon() {
  const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
  return days.map((day) => ({ day, type: "send", from: "12:00", until: "18:00" }));
}
