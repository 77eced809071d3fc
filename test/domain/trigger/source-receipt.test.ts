import { describe, expect, it } from "vitest";
import { isReplay, SOURCE_KEY_LIFETIME_MS } from "../../../src/domain/trigger/source-receipt.js";

const NOW = Date.UTC(2026, 10, 24, 10, 5);
const REAL = NOW + 5;
const EARLIER = { state: "done", at: NOW - 1, claim_until: 0 } as const;

describe("isReplayOf", () => {
  it("E-386 recognizes the key of a successful event for 24 hours", () => {
    expect(isReplay(EARLIER, NOW, REAL)).toBe(true);
    expect(isReplay({ ...EARLIER, at: NOW - SOURCE_KEY_LIFETIME_MS + 1 }, NOW, REAL)).toBe(true);
    expect(isReplay({ ...EARLIER, at: NOW - SOURCE_KEY_LIFETIME_MS }, NOW, REAL)).toBe(false);
  });

  it("E-386 ignores the keys of failed events and replays", () => {
    for (const state of ["failed", "replay"] as const)
      expect(isReplay({ ...EARLIER, state, claim_until: REAL + 1 }, NOW, REAL)).toBe(false);
  });

  it("E-386 recognizes the key of an event in progress until its process must have ended", () => {
    expect(isReplay({ ...EARLIER, state: "processing", claim_until: REAL + 1 }, NOW, REAL)).toBe(true);
    expect(isReplay({ ...EARLIER, state: "processing", claim_until: REAL }, NOW, REAL)).toBe(false);
  });
});
