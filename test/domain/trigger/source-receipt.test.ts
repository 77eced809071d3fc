import { describe, expect, it } from "vitest";
import { isReplayOf, SOURCE_KEY_LIFETIME_MS } from "../../../src/domain/trigger/source-receipt.js";

const NOW = Date.UTC(2026, 10, 24, 10, 5);
const REAL = NOW + 5;
const EARLIER = { state: "done", at: NOW - 1, in_hand_until: 0 } as const;

describe("takesKey", () => {
  it("E-386 an event that succeeded takes its key for 24 hours", () => {
    expect(isReplayOf(EARLIER, NOW, REAL)).toBe(true);
    expect(isReplayOf({ ...EARLIER, at: NOW - SOURCE_KEY_LIFETIME_MS + 1 }, NOW, REAL)).toBe(true);
    expect(isReplayOf({ ...EARLIER, at: NOW - SOURCE_KEY_LIFETIME_MS }, NOW, REAL)).toBe(false);
  });

  it("E-386 failed events and replays take no key", () => {
    for (const state of ["failed", "replay"] as const)
      expect(isReplayOf({ ...EARLIER, state, in_hand_until: REAL + 1 }, NOW, REAL)).toBe(false);
  });

  it("E-386 an event in progress takes its key until its process must have died", () => {
    expect(isReplayOf({ ...EARLIER, state: "in_hand", in_hand_until: REAL + 1 }, NOW, REAL)).toBe(true);
    expect(isReplayOf({ ...EARLIER, state: "in_hand", in_hand_until: REAL }, NOW, REAL)).toBe(false);
  });
});
