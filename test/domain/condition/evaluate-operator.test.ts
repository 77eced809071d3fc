import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPERATORS, type Operator } from "../../../src/domain/condition/condition.js";
import { evaluateOperator } from "../../../src/domain/condition/evaluate-operator.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const NOW = Date.parse("2025-06-04T10:00:00Z");
const at = (ms: number) => new Date(NOW + ms).toISOString();
const evaluate = (operator: Operator, value: unknown, argument?: unknown) =>
  evaluateOperator(operator, value, argument, NOW);

type Row = [id: string, value: unknown, operator: Operator, argument: unknown, expected: boolean];
const TAGS = ["vip", "beta"];

describe("evaluateOperator", () => {
  it.each<Row>([
    ["E-099 C-049", 3, "equal_to", 3, true],
    ["E-099 C-050 EQ-17", "3", "equal_to", 3, false],
    ["E-099 C-051", "3", "equal_to", "3", true],
    ["E-099 C-052", true, "equal_to", true, true],
    ["E-099", true, "equal_to", "true", false],
    ["E-099", 1, "equal_to", 1.0, true],
    ["E-099 EQ-17 deep", { a: [1, { b: 2 }] }, "equal_to", { a: [1, { b: 2 }] }, true],
    ["E-099 EQ-17 deep", { a: [1, { b: 2 }] }, "equal_to", { a: [1, { b: 3 }] }, false],
    ["E-099 EQ-17 order of keys", { a: 1, b: 2 }, "equal_to", { b: 2, a: 1 }, true],
    ["E-099 EQ-17 other keys", { a: 1 }, "equal_to", { b: 1 }, false],
    ["E-099 EQ-17 more keys", { a: 1 }, "equal_to", { a: 1, b: 2 }, false],
    ["E-099 EQ-17 own keys only", JSON.parse('{"__proto__":{}}'), "equal_to", { a: 1 }, false],
    ["E-099 EQ-17 list and object", [], "equal_to", {}, false],
    ["E-099 EQ-17 prefix", [1], "equal_to", [1, 2], false],
    ["E-091 C-053", undefined, "equal_to", true, false],
    ["EQ-16 C-054", undefined, "equal_to", null, true],
    ["EQ-16", null, "equal_to", null, true],
    ["EQ-16", undefined, "not_equal_to", null, false],
    ["E-091 C-055", undefined, "equal_to", "", true],
    ["EQ-16", null, "equal_to", "", true],
    ["E-091 both missing", undefined, "equal_to", undefined, true],
    ["E-091 missing argument", "", "equal_to", undefined, true],
    ["E-099 text and null", "", "equal_to", null, false],
    ["E-100 C-056", undefined, "not_equal_to", "pro", true],
    ["E-101 C-058", 5, "greater_than", 5, false],
    ["E-102 C-059", 5, "greater_than_or_equal_to", 5, true],
    ["E-101 C-060", undefined, "less_than", 5, false],
    ["E-101 missing, text", undefined, "less_than", "a", false],
    ["E-102 missing, text", undefined, "less_than_or_equal_to", "", false],
    ["E-101 C-061", "10", "greater_than", 9, false],
    ["E-101 EQ-17 text", "apple", "less_than", "pear", true],
    ["E-101 EQ-17 prefix", "a", "less_than", "ab", true],
    ["E-101 EQ-17 code points", "\u{1F600}", "greater_than", "\uFF5E", true],
    ["E-101 EQ-17 by time", "2025-06-04T10:00:00+02:00", "less_than", "2025-06-04T09:00:00Z", true],
    ["E-102 EQ-17 same time", "2025-06-04", "greater_than_or_equal_to", "2025-06-04T00:00:00Z", true],
    ["E-101 EQ-17 number and text", 5, "greater_than", "4", false],
    ["E-101 EQ-17 time and text", "2025-06-04", "less_than", "soon", true],
    ["E-101 EQ-17 text and time", "soon", "greater_than", "2025-06-04", true],
    ["E-101 EQ-17 booleans", true, "greater_than", false, false],
    ["E-102 EQ-17 lists", [1], "less_than_or_equal_to", [1], false],
    ["E-103 C-062", "site engineer", "contains", "engineer", true],
    ["E-103 case", "site engineer", "contains", "Engineer", false],
    ["E-103 C-063", TAGS, "contains", "vip", true],
    ["E-103 C-064", TAGS, "contains", "vi", false],
    ["E-103 C-065", "beta", "contains", ["beta", "rc"], true],
    ["E-103 C-066", TAGS, "contains", ["beta", "x"], true],
    ["E-104 C-067", TAGS, "not_contains", ["x", "y"], true],
    ["E-104 C-068", undefined, "not_contains", "p1", true],
    ["E-103 EQ-17 number in text", "n3", "contains", 3, false],
    ["E-103 EQ-17 strict items", [1, 2], "contains", "1", false],
    ["E-103 items of any type", [1, { k: 1 }, null], "contains", { k: 1 }, true],
    ["E-103 null item", [1, null], "contains", null, true],
    ["E-103 number, list", 2, "contains", [1, 2], true],
    ["E-103 C-088", { k: 1 }, "contains", "k", true],
    ["E-103 own keys", { k: 1 }, "contains", "toString", false],
    ["E-105", TAGS, "contains_all", ["beta", "vip"], true],
    ["E-105 C-069", TAGS, "contains_all", ["vip", "x"], false],
    ["E-106 C-070", TAGS, "not_contains_all", ["vip", "x"], true],
    ["E-105 text", "vip", "contains_all", ["vip"], false],
    ["E-106 missing", undefined, "not_contains_all", ["vip"], true],
    ["E-107 C-071", "", "empty", undefined, true],
    ["E-109 C-071", "", "exists", undefined, true],
    ["E-110 C-071", "", "not_exists", undefined, false],
    ["E-107 C-072", [], "empty", undefined, true],
    ["E-109 C-072", [], "exists", undefined, true],
    ["E-107", { a: 1 }, "empty", undefined, false],
    ["E-107 C-073", 0, "empty", undefined, false],
    ["E-107", false, "empty", undefined, false],
    ["E-107 C-074", null, "empty", undefined, true],
    ["E-109 C-074", null, "exists", undefined, false],
    ["E-110 C-074", null, "not_exists", undefined, true],
    ["E-107 EQ-17", {}, "empty", undefined, true],
    ["E-108", {}, "not_empty", undefined, false],
    ["E-108", ["x"], "not_empty", undefined, true],
    ["E-107 missing", undefined, "empty", undefined, true],
    ["E-112 C-075", "2025-05-01T00:00:00Z", "is_timestamp_on_or_after", "40 days ago", true],
    ["E-111 C-076", "2025-05-01T00:00:00Z", "is_timestamp_before", "30 days ago", true],
    ["E-111 C-077", "2025-06-05T09:59:00Z", "is_timestamp_before", "1 days from now", true],
    ["E-119 exact", "2025-06-05T10:00:00Z", "is_timestamp_before", "1 days from now", false],
    ["E-119 too short", "2025-06-04T09:00:00Z", "is_timestamp_before", "5 minutes ago", false],
    ["E-111 absolute", "2025-06-04T09:00:00Z", "is_timestamp_before", "2025-06-04T12:00:00+02:00", true],
    ["E-112 equal", "2025-06-04", "is_timestamp_on_or_after", "2025-06-04T00:00:00Z", true],
    ["E-111 alias", "2025-06-03", "is_timestamp_before_date", "2025-06-04", true],
    ["E-112 alias", "2025-06-03", "is_timestamp_on_or_after_date", "2025-06-04", false],
    ["E-112 alias", "2025-06-04", "is_timestamp_on_or_after_date", "2025-06-04", true],
    ["E-111 no limit", "2025-06-04", "is_timestamp_before", undefined, false],
    ["E-113 C-078", "2025-06-15T00:00:00Z", "is_timestamp_between", ["2025-01-01", "2025-06-15"], true],
    ["E-113 after", "2025-06-15T00:00:01Z", "is_timestamp_between", ["2025-01-01", "2025-06-15"], false],
    ["E-113 before", "2024-12-31T23:59:59Z", "is_timestamp_between", ["2025-01-01", "2025-06-15"], false],
    ["E-113 start", "2025-01-01T00:00:00Z", "is_timestamp_between", ["2025-01-01", "2025-06-15"], true],
    ["E-113 no relative", "2025-06-04", "is_timestamp_between", ["7 days ago", "2025-06-15"], false],
    ["E-113 three", "2025-06-04", "is_timestamp_between", ["2025-01-01", "2025-06-15", "2026-01-01"], false],
    ["E-120 C-079", "soon", "is_timestamp_before_now", undefined, false],
    ["E-120", "soon", "is_timestamp_on_or_after", "2025-01-01", false],
    ["E-120 missing", undefined, "is_timestamp_before_now", undefined, false],
    ["E-115 C-087", at(1_000), "is_timestamp_on_or_after_now", undefined, true],
    ["E-115 C-087", at(-1_000), "is_timestamp_on_or_after_now", undefined, false],
    ["E-115 now itself", at(0), "is_timestamp_on_or_after_now", undefined, true],
    ["E-114 C-087", at(-1_000), "is_timestamp_before_now", undefined, true],
    ["E-114 now itself", at(0), "is_timestamp_before_now", undefined, false],
    ["E-116 C-086", "2025-13-01", "is_timestamp", undefined, false],
    ["E-116", "2025-12-01", "is_timestamp", undefined, true],
    ["E-116", 1_749_031_200, "is_timestamp", undefined, false],
    ["E-117 C-085", 5, "is_between", [1, 5], true],
    ["E-117", 1, "is_between", [1, 5], true],
    ["E-117", 6, "is_between", [1, 5], false],
    ["E-117 inside", 3, "is_between", [1, 5], true],
    ["E-117 below", 0, "is_between", [1, 5], false],
    ["E-117 mixed", "3", "is_between", [1, 5], false],
    ["E-117 one bound", 3, "is_between", [1], false],
    ["E-118", true, "is_audience_member", "beta", true],
    ["E-118", false, "is_audience_member", "beta", false],
    ["E-118", false, "is_not_audience_member", "beta", true],
  ])("evaluates (%s) %j %s %j as %s", (_id, value, operator, argument, expected) => {
    expect(evaluate(operator, value, argument)).toBe(expected);
  });

  it("compares lists and objects of any depth", () => {
    const nest = () => JSON.parse("[".repeat(50_000) + "]".repeat(50_000)) as unknown;
    expect(evaluate("equal_to", nest(), nest())).toBe(true);
  });
});

describe("properties of the operators", () => {
  const json = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      undefined,
      "2025-06-04",
      "2025-06-04T00:00:00Z",
      "2 days ago",
      ["2025-01-01", "2026-01-01"],
      [1, 5],
      "",
      {},
    ),
    fc.array(fc.constantFrom<unknown>("a", "b", 1, true, null)),
  );

  it("never throw and always return a boolean", () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPERATORS), json, json, (operator, value, argument) => {
        expect(typeof evaluate(operator, value, argument)).toBe("boolean");
      }),
      getPropertyRuns(10_000),
    );
  });

  it.each<[Operator, Operator]>([
    ["equal_to", "not_equal_to"],
    ["contains", "not_contains"],
    ["contains_all", "not_contains_all"],
    ["empty", "not_empty"],
    ["exists", "not_exists"],
    ["is_timestamp", "is_not_timestamp"],
    ["is_audience_member", "is_not_audience_member"],
  ])("are opposites for %s and %s (E-100, E-104, E-106, E-108, E-110)", (yes, no) => {
    fc.assert(
      fc.property(json, json, (value, argument) => evaluate(yes, value, argument) !== evaluate(no, value, argument)),
    );
  });

  const ordered = fc.oneof(
    fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })),
    fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true })),
    fc.tuple(fc.string({ unit: "binary", maxLength: 3 }), fc.string({ unit: "binary", maxLength: 3 })),
  );

  it("order two numbers or two texts in one direction, or treat them as equal (E-101, E-102)", () => {
    fc.assert(
      fc.property(ordered, ([a, b]) => {
        expect(evaluate("less_than", a, b)).toBe(evaluate("greater_than", b, a));
        expect(evaluate("less_than", a, b)).not.toBe(evaluate("greater_than_or_equal_to", a, b));
        expect(evaluate("less_than_or_equal_to", a, b) && evaluate("greater_than_or_equal_to", a, b)).toBe(
          a === b || (a === 0 && b === 0),
        );
      }),
      getPropertyRuns(5_000),
    );
  });

  it("do not order other types (EQ-17)", () => {
    const kind = (value: unknown) => (typeof value === "number" || typeof value === "string" ? typeof value : "none");
    fc.assert(
      fc.property(json, json, (a, b) => {
        fc.pre(kind(a) === "none" || kind(a) !== kind(b));
        const orders: Operator[] = ["less_than", "greater_than", "less_than_or_equal_to", "greater_than_or_equal_to"];
        expect(orders.some((operator) => evaluate(operator, a, b))).toBe(false);
      }),
    );
  });

  it("sort text by code point", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8")) < 0; // UTF-8 sorts by code point.
        expect(evaluate("less_than", a, b)).toBe(expected);
      }),
      getPropertyRuns(5_000),
    );
  });

  const list = fc.array(fc.oneof(fc.constantFrom<unknown>("a", "b", 1, null), fc.jsonValue({ maxDepth: 1 })), {
    maxLength: 5,
  });

  it("imply contains for contains_all of a list that is not empty, and both are true for a list and itself (E-103, E-105)", () => {
    fc.assert(
      fc.property(list, list, (value, argument) => {
        if (argument.length > 0 && evaluate("contains_all", value, argument)) {
          expect(evaluate("contains", value, argument)).toBe(true);
        }
        expect(evaluate("contains_all", value, value)).toBe(true);
        expect(evaluate("contains", value, value)).toBe(value.length > 0);
        expect(evaluate("contains", value, argument)).toBe(
          argument.some((item) => evaluate("contains_all", value, [item])),
        );
        expect(evaluate("contains", value, argument)).toBe(evaluate("contains", argument, value));
      }),
    );
  });

  it("treat values with the same JSON as equal (E-099)", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => evaluate("equal_to", JSON.parse(JSON.stringify(value)), value)));
  });
});
