import { describe, expect, it } from "vitest";
import { getKnown } from "../../src/util/get-known.js";
import { zip } from "../../src/util/zip.js";

describe("zip", () => {
  it("returns the pairs of items at the same positions", () => {
    expect(zip(["a", "b"], [0, 2])).toEqual([
      ["a", 0],
      ["b", 2],
    ]);
    expect(zip([], [])).toEqual([]);
  });

  it("rejects lists that differ in length", () => {
    expect(() => zip(["a", "b"], [1])).toThrow("differ in length");
    expect(() => zip(["a"], [1, 2])).toThrow("differ in length");
    expect(() => zip([], [1])).toThrow("differ in length");
  });
});

describe("getKnown", () => {
  it("returns the value of a key, and throws if the key is missing", () => {
    const counts = new Map([["a", 0]]);
    expect(getKnown(counts, "a")).toBe(0);
    expect(() => getKnown(counts, "b")).toThrow("missing: b");
  });
});
