import { describe, expect, it } from "vitest";
import type { TriggerOutcome } from "../../../src/domain/run/outcome.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { runsInWords, withHarness } from "../../helpers/engine-case.js";
import { DAY, type EngineHarness, HOUR, MINUTE, step, when } from "../../helpers/engine-harness.js";

function throttle(settings: JsonObject = {}): JsonObject {
  return {
    ref: "throttle_1",
    type: "throttle",
    settings: { throttle_window: { unit: "hours", value: 1 }, ...settings },
  };
}

const define = (h: EngineHarness, settings: JsonObject = {}, key = "alert") =>
  h.define(key, { steps: [throttle(settings), step.email()] });

async function passes(h: EngineHarness, data: JsonObject = {}, to = "ana", key = "alert"): Promise<boolean> {
  const words = runsInWords(await h.trigger(key, { recipients: [to], data }))[to];
  if (words === "completed: throttle_1 passed, email_1 sent") return true;
  expect(words).toBe("completed: throttle_1 halted throttled");
  return false;
}

const words = (outcome: TriggerOutcome) => runsInWords(outcome).ana;

describe("17. Throttle", () => {
  it("E-284 E-286: as many pass per window as the limit says; the window starts with the first and does not roll", () =>
    withHarness(async (h) => {
      define(h, { throttle_limit: 2 });
      expect(await passes(h)).toBe(true);
      await h.at(50 * MINUTE);
      expect(await passes(h)).toBe(true);
      expect(await passes(h)).toBe(false);
      await h.at(HOUR);
      expect(await passes(h)).toBe(true);
      expect(await passes(h)).toBe(true);
      expect(await passes(h)).toBe(false);
    }));

  it("E-285: keyed by recipient and key, per workflow", () =>
    withHarness(async (h) => {
      define(h, { throttle_key: "data.page" });
      define(h, { throttle_key: "data.page" }, "other");
      expect(await passes(h, { page: "a" })).toBe(true);
      expect(await passes(h, { page: "a" })).toBe(false);
      expect(await passes(h, { page: "b" })).toBe(true);
      expect(await passes(h, { page: "a" }, "bo")).toBe(true);
      expect(await passes(h, { page: "a" }, "ana", "other")).toBe(true);
    }));

  it("E-285: two steps of one workflow count for themselves", () =>
    withHarness(async (h) => {
      const only = (ref: string): JsonObject => ({ ...throttle(), ref, conditions: when("data.at", "equal_to", ref) });
      h.define("alert", { steps: [only("one"), only("two"), step.email()] });
      const send = async (at: string) => words(await h.trigger("alert", { recipients: ["ana"], data: { at } }));
      expect(await send("one")).toBe("completed: one passed, two skipped condition, email_1 sent");
      expect(await send("two")).toBe("completed: one skipped condition, two passed, email_1 sent");
      expect(await send("two")).toBe("completed: one skipped condition, two halted throttled");
    }));

  it("E-287: who is stopped ends completed, with the step in the log", () =>
    withHarness(async (h) => {
      define(h);
      await passes(h);
      const stopped = await h.trigger("alert", { recipients: ["ana"] });
      expect(words(stopped)).toBe("completed: throttle_1 halted throttled");
      const run = await h.engine.readRecipientRun(stopped.recipients?.[0]?.recipient_run_id as string);
      expect(run?.events).toContainEqual(expect.objectContaining({ step_ref: "throttle_1", status: "ok" }));
      expect(run?.error_count).toBe(0);
    }));

  it("E-288: a dynamic window is the first one's", () =>
    withHarness(async (h) => {
      define(h, { throttle_window: null, throttle_window_field_path: "data.pause" });
      const pause = (value: number) => ({ pause: { unit: "minutes", value } });
      expect(await passes(h, pause(30))).toBe(true);
      await h.at(20 * MINUTE);
      expect(await passes(h, pause(5))).toBe(false);
      await h.at(30 * MINUTE);
      expect(await passes(h, pause(5))).toBe(true);
    }));

  it.each<[string, Json, string | null]>([
    ["E-289: without a window", null, null],
    ["E-289: with a window that is none", "soon", null],
    ["E-290: with a window of 32 days", { unit: "days", value: 32 }, null],
    ["E-289: without its key", { unit: "hours", value: 1 }, "data.page"],
    ["E-290: with a key of 64 characters once encoded", { unit: "hours", value: 1 }, `{{ "${"x".repeat(58)}" }}`],
  ])("%s the run passes, with an error", (_title, pause, throttle_key) =>
    withHarness(async (h) => {
      define(h, { throttle_window: null, throttle_window_field_path: "data.pause", throttle_key });
      for (let round = 0; round < 2; round++) {
        const outcome = await h.trigger("alert", { recipients: ["ana"], data: { pause } });
        expect(words(outcome)).toBe("completed: throttle_1 skipped invalid_window, email_1 sent");
        const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
        expect(run?.error_count).toBe(1);
      }
    }),
  );

  it("E-291 E-292: a cancelled run gives no slot back, and one that is stopped takes none", () =>
    withHarness(async (h) => {
      h.define("alert", { steps: [throttle(), step.delay("days", 1), step.email()] });
      await h.trigger("alert", { recipients: ["ana"], cancellation_key: "ck" });
      await h.cancel("alert", "ck");
      expect(words(await h.trigger("alert", { recipients: ["ana"] }))).toBe("completed: throttle_1 halted throttled");
      await h.at(HOUR);
      expect(words(await h.trigger("alert", { recipients: ["ana"] }))).toMatch(/^paused: throttle_1 passed/);
      await h.at(2 * DAY);
      expect(await h.messages()).toHaveLength(1);
    }));
});
