import { describe, expect, it } from "vitest";
import { runWithTimeLimit, TimeLimitExceeded } from "../../src/util/time-limit.js";

const endless = (): never => {
  for (;;);
};

describe("runWithTimeLimit", () => {
  it("returns and throws the same as the work", () => {
    const error = new RangeError("own");
    expect(runWithTimeLimit(5_000, () => [1])).toEqual([1]);
    expect(() =>
      runWithTimeLimit(5_000, () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it.each<[string, () => unknown]>([
    ["a loop", endless],
    ["a backtracking regular expression", () => /^(a+)+$/u.test(`${"a".repeat(60)}!`)],
    ["a regular expression with lookahead and a backreference", () => /^(?=(a+)+$)(a)\2/u.test(`${"a".repeat(60)}!`)],
  ])("stops %s", (_what, work) => {
    expect(() => runWithTimeLimit(20, work)).toThrow(TimeLimitExceeded);
    expect(runWithTimeLimit(5_000, () => "the next one")).toBe("the next one");
  });

  it("ends only the inner work at an inner limit", () => {
    const outer = runWithTimeLimit(60_000, () => {
      try {
        return runWithTimeLimit(20, endless);
      } catch (error) {
        return [error instanceof TimeLimitExceeded, runWithTimeLimit(5_000, () => "inner")];
      }
    });
    expect(outer).toEqual([true, "inner"]);
  });
});
