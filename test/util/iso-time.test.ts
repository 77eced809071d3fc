import fc from "fast-check";
import { expect, it } from "vitest";
import { toIsoTime } from "../../src/util/iso-time.js";

it.each([
  0,
  1,
  999,
  -1,
  Date.UTC(2024, 1, 29, 23, 59, 59, 999),
  Date.UTC(999, 0, 1),
  Date.UTC(12_000, 5, 1),
  8.64e15,
  -8.64e15,
])("%d is written as Date writes it", (at) => {
  expect(toIsoTime(at)).toBe(new Date(at).toISOString());
  expect(toIsoTime(at)).toBe(new Date(at).toISOString());
});

it("and so is every other time", () => {
  fc.assert(
    fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (at) => toIsoTime(at) === new Date(at).toISOString()),
  );
});

it("what is no time throws, as Date does", () => {
  expect(() => toIsoTime(Number.NaN)).toThrow(RangeError);
  expect(() => toIsoTime(1e20)).toThrow(RangeError);
});
