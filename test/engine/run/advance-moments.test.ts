import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const UPDATE = {
  ref: "update_1",
  type: "update_user",
  settings: { recipient_mode: "current", recipient_gid: null, update_properties: '{"color":"red"}' },
};
const NESTED = {
  ref: "nested_1",
  type: "trigger_workflow",
  settings: { workflow_key: "nested", recipients: "{{ recipient.id }}", data: "{}" },
};
const batch = (seconds: number): JsonObject => ({
  ref: "batch_1",
  type: "batch",
  settings: { batch_window: { unit: "seconds", value: seconds } },
});
const WAIT = {
  ref: "wait_1",
  type: "wait_for_event",
  settings: {
    event: { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" },
    expires_after: { unit: "hours", value: 5 },
  },
};

interface Move {
  /** The transactions in which the clock's move saved advances. */
  saves: number;
  /** The times of the moves, in seconds after the first delay's end, in order. */
  moments: number[];
}

/** Triggers `count` delays that end one second after each other, with `steps` after them, and moves the clock. */
async function moveOver(count: number, steps: JsonObject[], isAborted = false): Promise<Move> {
  let saves = 0;
  const abort = new AbortController();
  const harness = await EngineHarness.open({
    overrideStore: (store) => ({
      claimDueRuns: (...claim) => {
        if (isAborted) abort.abort();
        return store.claimDueRuns(...claim);
      },
      saveAdvances: (...saved) => {
        saves++;
        return store.saveAdvances(...saved);
      },
    }),
  });
  try {
    harness.define("nested", { steps: [step.feed()] });
    harness.define("main", { steps: [step.delay("minutes", 5), ...steps] });
    for (let n = 0; n < count; n++) {
      harness.now = T0 + n * SECOND;
      await harness.trigger("main", { recipients: ["ana"], data: { n } });
    }
    const options = isAborted ? { force: false, signal: abort.signal } : { force: false };
    const { ran } = await harness.engine.moveClock(T0 + 60 * MINUTE, options);
    if (!isAborted && !steps.includes(WAIT)) expect(await harness.engine.readTimeUntilDue()).toBeNull();
    return { saves, moments: ran.map(({ at }) => (Date.parse(at) - T0 - 5 * MINUTE) / SECOND) };
  } finally {
    await harness.close();
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("moving the clock", () => {
  it("saves the runs of many moments in one transaction", async () => {
    expect(await moveOver(200, [step.feed()])).toEqual({ saves: 1, moments: range(200) });
  });

  it.each([
    ["changes a recipient", [UPDATE]],
    ["waits for an event", [WAIT]],
  ])("saves before the next moment what that moment may depend on: a run that %s", async (_name, steps) => {
    const { saves, moments } = await moveOver(20, steps);
    expect(saves).toBe(20);
    expect(moments.slice(0, 20)).toEqual(range(20));
  });

  it("saves a run that triggers another workflow before the next moment, so that the other run starts in between", async () => {
    expect(await moveOver(20, [NESTED])).toEqual({
      saves: 20,
      moments: range(20).flatMap((moment) => [moment, moment]),
    });
  });

  it("saves a run that opens a batch before the next run, which joins it", async () => {
    // The second run joins the batch of the first. It closes when the third opens another one.
    expect(await moveOver(3, [batch(2), step.feed()])).toEqual({ saves: 4, moments: [0, 1, 2, 2, 4] });
  });

  it("saves before the moment at which a run of an earlier one continues", async () => {
    // The second delays of the moments 0, 1 and 2 end at 3, 4 and 5, together with the first delays of other runs.
    expect(await moveOver(6, [step.delay("seconds", 3, {}, "delay_2"), step.feed()])).toEqual({
      saves: 3,
      moments: [0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8],
    });
  });

  it("stops after the first moment if it is interrupted", async () => {
    expect(await moveOver(20, [step.feed()], true)).toEqual({ saves: 1, moments: [0] });
  });

  it("saves the time of the last moment with its runs, so that a crash leaves no run ahead of the clock", async () => {
    const clocks: unknown[] = [];
    const harness = await EngineHarness.open({
      overrideStore: (store) => ({
        saveAdvances: (advances, token, now, options) => {
          clocks.push(options?.clock);
          return store.saveAdvances(advances, token, now, options);
        },
      }),
    });
    try {
      harness.define("main", { steps: [step.delay("minutes", 5), step.feed()] });
      for (const seconds of [0, 1, 2]) {
        harness.now = T0 + seconds * SECOND;
        await harness.trigger("main", { recipients: ["ana"] });
      }
      await harness.engine.moveClock(T0 + 60 * MINUTE, { force: false });
      harness.now += MINUTE;
      await harness.trigger("main", { recipients: ["ana"] });
      await harness.engine.moveClock(T0 + 120 * MINUTE, { force: false });
      // The claim writes the clock of a single moment.
      expect(clocks).toEqual([{ offset_ms: 5 * MINUTE, frozen_at: null }, undefined]);
    } finally {
      await harness.close();
    }
  });
});
