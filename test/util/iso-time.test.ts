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
])("toIsoTime formats %d as Date does", (at) => {
  expect(toIsoTime(at)).toBe(new Date(at).toISOString());
  expect(toIsoTime(at)).toBe(new Date(at).toISOString());
});

it("toIsoTime formats every time as Date does", () => {
  fc.assert(
    fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (at) => toIsoTime(at) === new Date(at).toISOString()),
  );
});

it("toIsoTime formats times that alternate, also more than it remembers", () => {
  const times = Array.from({ length: 6 }, (_, index) => Date.UTC(2026, 10, 24, 10, index, index, index));
  for (const count of [6, 3, 6, 4, 5])
    expect(times.slice(0, count).map(toIsoTime)).toEqual(times.slice(0, count).map((at) => new Date(at).toISOString()));
});

it("toIsoTime throws for an invalid time, as Date does", () => {
  expect(() => toIsoTime(Number.NaN)).toThrow(RangeError);
  expect(() => toIsoTime(1e20)).toThrow(RangeError);
});
