import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NearestRecords } from "../../src/comparison/nearest-records.js";

interface Entry {
  key: string;
  at: number;
  id: number;
}

const entries = fc.array(fc.record({ key: fc.constantFrom("a", "b"), at: fc.nat(5) }), { maxLength: 8 });

describe("NearestRecords", () => {
  it("returns each record once: of the key, the nearest in time, and the oldest of several", () =>
    fc.assert(
      fc.property(
        entries,
        fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(5)), { maxLength: 10 }),
        (all, takes) => {
          let left = all.map((entry, id): Entry => ({ ...entry, id }));
          const records = new NearestRecords(
            left,
            ({ key }) => key,
            ({ at }) => at,
          );
          for (const [key, at] of takes) {
            const [expected] = left
              .filter((entry) => entry.key === key)
              .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at) || a.at - b.at || a.id - b.id);
            expect(records.take(key, at)).toEqual(expected);
            left = left.filter((entry) => entry !== expected);
          }
        },
      ),
    ));
});
