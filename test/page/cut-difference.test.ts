import { describe, expect, it } from "vitest";
import { cutDifference } from "../../src/page/lib/cut-difference.js";

describe("cutDifference", () => {
  const long = "x".repeat(100);
  it.each([
    ["Home", "Docs", ["Home", "Docs"]],
    ["", "Docs", ["", "Docs"]],
    ["aa", "a", ["aa", "a"]],
    [
      `${long}1${long}`,
      `${long}22${long}`,
      [`…${"x".repeat(60)}1${"x".repeat(60)}…`, `…${"x".repeat(60)}22${"x".repeat(60)}…`],
    ],
  ])("shows what differs between %s and %s", (before, after, expected) => {
    expect(cutDifference(before, after)).toEqual(expected);
  });
});
