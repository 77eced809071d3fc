import { beforeEach, describe, expect, it, vi } from "vitest";
import { runWithTimeLimit, SUPERVISED, superviseWork, TimeLimitExceeded } from "../../src/util/time-limit.js";

const shared = new Int32Array(new SharedArrayBuffer(SUPERVISED.size * Int32Array.BYTES_PER_ELEMENT));
const onLate = vi.fn();
const endless = (): never => {
  for (;;);
};

describe("work that another thread supervises", () => {
  beforeEach(() => {
    shared.fill(0);
    onLate.mockReset();
    superviseWork(shared, onLate);
  });

  it("shares its limit while it runs, and that it has ended", () => {
    const during = runWithTimeLimit(5_000, () => [...shared]);
    expect([during, [...shared]]).toEqual([
      [1, 5_000],
      [2, 0],
    ]);
    expect(onLate).not.toHaveBeenCalled();
  });

  it("ends the thread if it ends late, also with an error", () => {
    const workLate = (): never => {
      for (const end = performance.now() + 3; performance.now() < end; );
      throw new RangeError("own");
    };
    expect(() => runWithTimeLimit(1, workLate)).toThrow(RangeError);
    expect(onLate).toHaveBeenCalledOnce();
    expect(shared[SUPERVISED.limitMs]).toBe(0);
  });

  it("keeps the timeout of work inside it", () => {
    const inner = (): unknown => {
      expect(() => runWithTimeLimit(5, endless)).toThrow(TimeLimitExceeded);
      return [...shared];
    };
    expect(runWithTimeLimit(60_000, inner)).toEqual([1, 60_000]);
  });
});
