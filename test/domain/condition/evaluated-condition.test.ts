import { describe, expect, it } from "vitest";
import { type ConditionGroup, listConditions } from "../../../src/domain/condition/condition.js";
import {
  describeComparison,
  describeCondition,
  type EvaluatedCondition,
  formatConditionValue,
  parseConditionLog,
} from "../../../src/domain/condition/evaluated-condition.js";
import { countConditions } from "../../../src/domain/condition/parse-conditions.js";

const CONDITION: EvaluatedCondition = {
  variable: "recipient.plan",
  operator: "equal_to",
  argument: "pro",
  value: "free",
  result: false,
};

describe("a condition as text", () => {
  it.each<[Partial<EvaluatedCondition>, string]>([
    [{}, 'recipient.plan equal_to "pro" (was "free")'],
    [{ value: undefined }, 'recipient.plan equal_to "pro" (was missing)'],
    [{ result: null }, 'recipient.plan equal_to "pro" (not evaluated)'],
    [{ operator: "not_empty", argument: undefined }, 'recipient.plan not_empty (was "free")'],
    [{ operator: "contains", argument: ["a", 1] }, 'recipient.plan contains ["a",1] (was "free")'],
  ])("%j is %s", (change, text) => {
    expect(describeCondition({ ...CONDITION, ...change })).toBe(text);
  });

  it.each([
    "empty",
    "not_empty",
    "exists",
    "not_exists",
    "is_timestamp",
    "is_not_timestamp",
    "is_timestamp_before_now",
    "is_timestamp_on_or_after_now",
  ] as const)("leaves out the argument of %s", (operator) => {
    expect(describeComparison({ ...CONDITION, operator })).toBe(`recipient.plan ${operator}`);
  });

  it.each<[unknown, string]>([
    [undefined, "missing"],
    [null, "null"],
    ["$message.sent", "$message.sent"],
    ["x".repeat(58), `"${"x".repeat(58)}"`],
    ["x".repeat(59), `"${"x".repeat(58)}…`],
    ["x".repeat(1_000_000), `"${"x".repeat(58)}…`],
    [{ list: "x".repeat(60) }, `{"list":"${"x".repeat(50)}…`],
  ])("shortens the value %j", (value, text) => {
    expect(formatConditionValue(value)).toBe(text);
  });
});

describe("parseConditionLog", () => {
  it("returns no condition for a log without a list", () => {
    expect(parseConditionLog(undefined)).toEqual([]);
    expect(parseConditionLog({ variable: "data.a" })).toEqual([]);
  });

  it("returns conditions, without a value where the path was not found", () => {
    const logged = { variable: "data.a", operator: "equal_to", argument: 1, result: false };
    expect(parseConditionLog([{ ...logged, value: null }, "damaged", { ...logged, value: 2 }])).toEqual([
      { ...logged, value: undefined },
      { ...logged, value: 2 },
    ]);
  });
});

describe("the conditions of a group", () => {
  const named = (variable: string) => ({ variable, operator: "exists" }) as const;
  const group: ConditionGroup = {
    all: [named("data.a"), { any: [named("data.b"), { all: [named("data.c")] }] }, named("data.d")],
  };

  it("are listed and counted with those of the groups inside it", () => {
    expect(listConditions(group).map(({ variable }) => variable)).toEqual(["data.a", "data.b", "data.c", "data.d"]);
    expect(countConditions(group)).toBe(4);
  });

  it.each<[unknown, number]>([
    [null, 0],
    [{}, 0],
    [{ all: [] }, 0],
    [{ any: [named("data.a")] }, 1],
    [{ all: [{ any: [] }, { all: [] }] }, 0],
    [{ all: named("data.a") }, 0],
    [{ all: [5, { any: [named("data.a"), "x"] }] }, 3],
  ])("are counted in %j, including invalid ones", (value, count) => {
    expect(countConditions(value as ConditionGroup | null)).toBe(count);
  });

  it.each<[ConditionGroup | null]>([[null], [{ all: [] }], [{} as ConditionGroup]])(
    "are an empty list for %j",
    (value) => {
      expect(listConditions(value)).toEqual([]);
    },
  );
});
