import { describe, expect, it } from "vitest";
import { matchText, textMatcherSchema } from "../../src/scenarios/text-matcher.js";

const LETTERS = "a".repeat(36);
/** A pattern that only backtracking can match. */
const LOOKAHEAD = "^(?=(a+)+$)a*$";

const listMessages = (matches: string): string[] =>
  textMatcherSchema()
    .safeParse({ matches })
    .error?.issues.map(({ message }) => message) ?? [];

describe("a pattern that a scenario expects", () => {
  it("matches a part of the text", () => {
    expect(matchText({ matches: "^Order \\d+" }, "Order 12 is here")).toBeNull();
    expect(matchText({ matches: "^Order \\d+" }, "No order")).toMatchObject({
      expected: "text that matches ^Order \\d+",
    });
    expect(matchText({ matches: LOOKAHEAD }, LETTERS)).toBeNull();
  });

  it("is matched in bounded time, and is not met if that is not enough", () => {
    expect(matchText({ matches: "^(a+)+$" }, `${LETTERS}!`)).toMatchObject({ expected: "text that matches ^(a+)+$" });
    expect(matchText({ matches: LOOKAHEAD }, `${LETTERS}!`)).toMatchObject({
      expected: `text that matches ${LOOKAHEAD} (this could not be checked within 250 ms)`,
    });
  });

  it("is limited in length", () => {
    expect(listMessages("a".repeat(2_000))).toEqual([]);
    expect(listMessages("a".repeat(2_001))).toEqual(["must be at most 2000 characters, found 2001"]);
    expect(listMessages("(")).toEqual(["is not a regular expression"]);
  });
});

describe("several comparisons of one value", () => {
  it.each([
    ["a b", null],
    ["b", 'text that contains "a"'],
    ["a c", 'text without "c"'],
    ["a 1", "text that matches ^\\D+$"],
  ])("must all be true: %s", (text, expected) => {
    const matcher = { contains: "a", excludes: "c", matches: "^\\D+$" };
    expect(textMatcherSchema().safeParse(matcher).success).toBe(true);
    expect(matchText(matcher, text)?.expected ?? null).toBe(expected);
  });
});
