import { describe, expect, it } from "vitest";
import { decideThrottle, type ThrottleWindow } from "../../../src/domain/run/decide-throttle.js";

const NOW = Date.UTC(2026, 10, 24, 10, 5);
const THROTTLE = { limit: 2, window_ms: 1_000 };

describe("decideThrottle", () => {
  it("E-286 opens a window of fixed length at the first pass", () => {
    expect(decideThrottle(null, THROTTLE, NOW)).toEqual({
      passed: true,
      window: { ends_at: NOW + 1_000, passes: 1 },
      opened: true,
    });
  });

  it.each([
    [1, true, 2],
    [2, false, 2],
    [3, false, 3],
  ])("E-284 E-292 decides after %d of 2 passes: passed is %s", (passes, passed, after) => {
    const window: ThrottleWindow = { ends_at: NOW + 500, passes };
    const expected = { passed, window: { ends_at: NOW + 500, passes: after }, opened: false };
    expect(decideThrottle(window, THROTTLE, NOW)).toEqual(expected);
  });

  it("E-288 keeps the length of the open window", () => {
    const window: ThrottleWindow = { ends_at: NOW + 500, passes: 1 };
    expect(decideThrottle(window, { limit: 2, window_ms: 1 }, NOW).window.ends_at).toBe(NOW + 500);
  });

  it("E-286 opens a new window at the end of the previous one", () => {
    const window: ThrottleWindow = { ends_at: NOW, passes: 2 };
    expect(decideThrottle(window, THROTTLE, NOW - 1).passed).toBe(false);
    expect(decideThrottle(window, THROTTLE, NOW)).toMatchObject({ passed: true, opened: true });
  });
});
