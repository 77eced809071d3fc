import fc from "fast-check";
import { expect, test } from "vitest";
import { murmur3 } from "../../src/util/murmur3.js";

// Answers of other implementations of the x86 form with 128 bits and seed 0.
test.each([
  ["", "00000000000000000000000000000000"],
  ["a", "a794933c5556b01b5556b01b5556b01b"],
  ["abcdefghijklmnop", "9fd2762790b91256e4ce8b21d193ba45"],
  ["abcdefghijklmnopq", "0445a4d364515c6fd96ddc2a1d11079d"],
  ["The quick brown fox jumps over the lazy dog", "2f1583c3ecee2c675d7bf66ce5e91d2c"],
])("the digest of %j", (text, digest) => {
  expect(murmur3(text).toString("hex")).toBe(digest);
});

test("texts that differ in one place have digests that differ", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.nat(), (text, place) => {
      const at = place % text.length;
      const other = `${text.slice(0, at)}${text[at] === "x" ? "y" : "x"}${text.slice(at + 1)}`;
      expect(murmur3(other).equals(murmur3(text))).toBe(false);
    }),
  );
});
