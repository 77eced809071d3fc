import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkJsonShape, MAX_JSON_DEPTH } from "../../../src/domain/findings/check-json-shape.js";
import type { Json } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson, buildNestedJson } from "../../helpers/json-arbitraries.js";

const refuse = (value: unknown) => catchThrown(() => checkJsonShape(value, "the file"));

describe("checkJsonShape", () => {
  it.each([
    ['{"a":', "}"],
    ["[", "]"],
  ])("accepts %s up to the maximum depth, and rejects one more level", (open, close) => {
    expect(() => checkJsonShape(buildNestedJson(MAX_JSON_DEPTH, open, close), "the file")).not.toThrow();
    const error = refuse(buildNestedJson(MAX_JSON_DEPTH + 1, open, close));
    expect(error.code).toBe("invalid_params");
    expect(formatDetails(error)).toEqual([expect.stringMatching(/…/)]);
  });

  it("handles a depth of a million and a circular value", () => {
    expect(refuse(buildNestedJson(1_000_000, "[", "]")).message).toBe("the file is nested too deep, at /0/0/0/…");
    const circle: Record<string, unknown> = {};
    circle.self = [circle];
    expect(refuse(circle).message).toMatch(/^the file is nested too deep, at \/.+…$/);
  });

  it.each([
    [{ a: { b: [1, Number.POSITIVE_INFINITY] } }, "/a/b/1"],
    [[{ a: Number.NEGATIVE_INFINITY }], "/0/a"],
  ])("rejects a number that JSON could not store: %j", (value, pointer) => {
    expect(refuse(value).message).toBe(`the file has a number that is too large, at ${pointer}`);
    expect(() => checkJsonShape([Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324], "the file")).not.toThrow();
  });

  it("uses the caller's error code", () => {
    expect(catchThrown(() => checkJsonShape(buildNestedJson(300), "x", "workflow_invalid")).code).toBe(
      "workflow_invalid",
    );
  });

  it("finds a key __proto__ at any depth, and accepts all other keys", () => {
    fc.assert(
      fc.property(arbitraryJson(), (value) => {
        if (!JSON.stringify(value).includes('"__proto__":')) return checkJsonShape(value, "x");
        const [detail] = refuse(value).details;
        expect(detail?.pointer.endsWith("/__proto__")).toBe(true);
      }),
      getPropertyRuns(5_000),
    );
  });

  it("accepts a list of five million items", () => {
    const list: Json[] = Array<number>(5_000_000).fill(0);
    expect(() => checkJsonShape({ list }, "x")).not.toThrow();
  });
});
