import { expect, it } from "vitest";
import { isDeeperThan } from "../../src/util/json.js";

const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);

it.each([
  [1, 0, true],
  [1, 1, false],
  [200, 200, false],
  [201, 200, true],
  [100_000, 200, true],
])("isDeeperThan returns for %i levels and a limit of %i: %s", (levels, limit, deeper) => {
  expect(isDeeperThan(nested(levels), limit)).toBe(deeper);
});

it("isDeeperThan compares the deepest level, and scalars have no depth", () => {
  expect(isDeeperThan({ a: 1, b: [{ c: [] }] }, 3)).toBe(true);
  expect(isDeeperThan({ a: 1, b: [{ c: [] }] }, 4)).toBe(false);
  for (const scalar of [1, "x", null, true]) expect(isDeeperThan(scalar, 0)).toBe(false);
});
