import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Condition,
  type ConditionGroup,
  OPERATORS,
  type Operator,
} from "../../../src/domain/condition/condition.js";
import { describeCondition } from "../../../src/domain/condition/evaluated-condition.js";
import {
  type ConditionScope,
  evaluateConditionList,
  evaluateConditions,
} from "../../../src/engine/condition/evaluate-conditions.js";
import type { Json } from "../../../src/util/json.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const NOW = Date.parse("2025-06-04T10:00:00Z");

const ANA = {
  id: "ana",
  email: "ana@lark.test",
  plan: "pro",
  tags: ["vip", "beta"],
  age: 30,
  team: { name: "North" },
  joined_at: "2025-05-01T00:00:00Z",
};

function scopeWith(variables: Record<string, unknown> = {}, more: Partial<ConditionScope> = {}): ConditionScope {
  return {
    variables: { recipient: ANA, data: {}, vars: { flag: true }, ...variables },
    refs: () => undefined,
    now: NOW,
    ...more,
  };
}

function evaluate(condition: Condition, scope: ConditionScope) {
  const [evaluated] = evaluateConditions({ all: [condition] }, scope).evaluated;
  if (evaluated === undefined) throw new Error("nothing evaluated");
  return evaluated;
}

type Row = [
  id: string,
  data: Record<string, Json>,
  variable: string,
  operator: Operator,
  argument: Json | undefined,
  expected: boolean,
];

describe("an argument that cannot be converted to text", () => {
  it.each(["is_audience_member", "equal_to", "contains", "greater_than", "is_timestamp_before", "is_between"] as const)(
    "E-118 is compared by %s",
    (operator) => {
      const argument = { toString: 1, valueOf: null };
      const scope = scopeWith({ data: { odd: argument } }, { isAudienceMember: () => true });
      for (const variable of ["recipient", "data.odd"])
        for (const value of [argument, [argument], "data.odd"])
          expect(evaluate({ variable, operator, argument: value }, scope)).toMatchObject({ variable, operator });
    },
  );
});

describe("E-092 arguments as files write them (workflow format 6.1)", () => {
  it.each<Row>([
    ["C-049", { n: 3 }, "data.n", "equal_to", "3", true],
    ["C-050", { n: "3" }, "data.n", "equal_to", "3", false],
    ["C-051", { s: "3" }, "data.s", "equal_to", '"3"', true],
    ["C-052", { b: true }, "data.b", "equal_to", "true", true],
    ["C-053", {}, "data.b", "equal_to", "true", false],
    ["C-054", {}, "data.x", "equal_to", "null", true],
    ["C-055", {}, "data.x", "equal_to", "", true],
    ["C-056", {}, "data.x", "not_equal_to", "pro", true],
    ["C-057 E-093", { want: "pro" }, "recipient.plan", "equal_to", "data.want", true],
    ["C-058", { t: 5 }, "data.t", "greater_than", "5", false],
    ["C-059", { t: 5 }, "data.t", "greater_than_or_equal_to", "5", true],
    ["C-060", {}, "data.t", "less_than", "5", false],
    ["C-061", { t: "10" }, "data.t", "greater_than", "9", false],
    ["C-062", { role: "site engineer" }, "data.role", "contains", "engineer", true],
    ["C-063", {}, "recipient.tags", "contains", "vip", true],
    ["C-064", {}, "recipient.tags", "contains", "vi", false],
    ["C-065", { kind: "beta" }, "data.kind", "contains", '["beta","rc"]', true],
    ["C-066", {}, "recipient.tags", "contains", '["beta","x"]', true],
    ["C-067", {}, "recipient.tags", "not_contains", '["x","y"]', true],
    ["C-068", {}, "data.muted", "not_contains", "p1", true],
    ["C-069", {}, "recipient.tags", "contains_all", '["vip","x"]', false],
    ["C-070", {}, "recipient.tags", "not_contains_all", '["vip","x"]', true],
    ["C-071", { note: "" }, "data.note", "empty", undefined, true],
    ["C-072", { list: [] }, "data.list", "exists", null, true],
    ["C-073", { zero: 0 }, "data.zero", "empty", undefined, false],
    ["C-074", { gone: null }, "data.gone", "not_exists", undefined, true],
    ["C-075", {}, "recipient.joined_at", "is_timestamp_on_or_after", "40 days ago", true],
    ["C-076", {}, "recipient.joined_at", "is_timestamp_before", "30 days ago", true],
    ["C-077", { due: "2025-06-05T09:59:00Z" }, "data.due", "is_timestamp_before", "1 days from now", true],
    ["C-078", { at: "2025-06-15T00:00:00Z" }, "data.at", "is_timestamp_between", '["2025-01-01","2025-06-15"]', true],
    ["C-079 E-120", { at: "soon" }, "data.at", "is_timestamp_before_now", undefined, false],
    ["C-080", {}, "vars.flag", "equal_to", "true", true],
    ["C-081 E-077", {}, "workflow.categories", "contains", "ops", true],
    ["C-085", { n: 5 }, "data.n", "is_between", "[1,5]", true],
    ["C-086", { at: "2025-13-01" }, "data.at", "is_timestamp", undefined, false],
    ["C-087", { at: "2025-06-04T10:00:01Z" }, "data.at", "is_timestamp_on_or_after_now", undefined, true],
    ["C-088", { obj: { k: 1 } }, "data.obj", "contains", "k", true],
    ["C-089 E-093", { pick: "ana" }, "data.pick", "equal_to", "recipient.id", true],
    ["C-090 E-091 an absent tenant", {}, "tenant.tier", "equal_to", "gold", false],
    ["a quoted path as text", { x: "data.x" }, "data.x", "equal_to", '"data.x"', true],
    ["EQ-70 an unknown prefix as text", { host: "example.com" }, "data.host", "equal_to", "example.com", true],
    ["EQ-70 a sentence as text", { s: "data. More" }, "data.s", "equal_to", "data. More", true],
    ["EQ-70 an event outside a match condition", { s: "event.data.id" }, "data.s", "equal_to", "event.data.id", true],
    ["a raw number", { n: 3 }, "data.n", "equal_to", 3, true],
    ["a raw list", { kind: "rc" }, "data.kind", "contains", ["beta", "rc"], true],
    ["a raw boolean", { b: false }, "data.b", "equal_to", false, true],
    ["invalid JSON as text", { s: "007" }, "data.s", "equal_to", "007", true],
    ["E-091 a missing argument path", {}, "data.x", "equal_to", "data.y", true],
    ["E-091 a null argument path", { y: null }, "data.x", "equal_to", "data.y", true],
    ["a nested path", {}, "recipient.team.name", "equal_to", "North", true],
    ["a list index", { items: [{ id: "i1" }] }, "data.items.0.id", "equal_to", "i1", true],
    ["own properties only", {}, "data.constructor.name", "not_exists", undefined, true],
    ["own properties only", {}, "data.__proto__", "not_exists", undefined, true],
    ["an unknown prefix of a variable", { plan: "pro" }, "plan", "exists", undefined, false],
    ["$message outside refs", { s: "$message.sent" }, "data.s", "equal_to", "$message.sent", true],
  ])("%s with data %j: %s %s %j evaluates to %s", (_id, data, variable, operator, argument, expected) => {
    const scope = scopeWith({ data, workflow: { categories: ["billing", "ops"] } });
    expect(evaluate({ variable, operator, argument }, scope).result).toBe(expected);
  });

  it("C-090 E-076 reads the run's tenant", () => {
    const condition: Condition = { variable: "tenant.tier", operator: "equal_to", argument: "gold" };
    expect(evaluate(condition, scopeWith({ tenant: { id: "acme", tier: "gold" } })).result).toBe(true);
  });

  it("EQ-70 resolves `event.…` in match conditions", () => {
    const condition: Condition = { variable: "data.id", operator: "equal_to", argument: "event.data.id" };
    expect(evaluate(condition, scopeWith({ data: { id: "x" }, event: { data: { id: "x" } } })).result).toBe(true);
  });

  it("E-111 E-113 renders Liquid in an argument before using it", () => {
    const renderLiquid = (text: string) => text.replaceAll("{{ data.limit }}", "2025-06-10").replaceAll("{{ 5 }}", "5");
    const scope = scopeWith({ data: { at: "2025-06-09", n: 5 } }, { renderLiquid });
    const before = evaluate(
      { variable: "data.at", operator: "is_timestamp_before", argument: "{{ data.limit }}" },
      scope,
    );
    expect(before).toMatchObject({ result: true, argument: "2025-06-10" });
    for (const argument of ['["2025-06-01","{{ data.limit }}"]', ["2025-06-01", "{{ data.limit }}"]]) {
      const between = evaluate({ variable: "data.at", operator: "is_timestamp_between", argument }, scope);
      expect(between).toMatchObject({ result: true, argument: ["2025-06-01", "2025-06-10"] });
    }
    const text = evaluate({ variable: "data.n", operator: "equal_to", argument: "{{ 5 }}" }, scope);
    expect(text).toMatchObject({ result: false, argument: "5" });
  });

  it("keeps Liquid as text if no renderer is given", () => {
    const scope = scopeWith({ data: { s: "{{ x }}" } });
    expect(evaluate({ variable: "data.s", operator: "equal_to", argument: "{{ x }}" }, scope).result).toBe(true);
  });
});

describe("audience membership (E-118, EQ-18)", () => {
  const scope = scopeWith({ data: { list: "beta" } }, { isAudienceMember: (audience) => audience === "beta" });

  it.each<[string, Operator, string, boolean]>([
    ["recipient", "is_audience_member", "beta", true],
    ["recipient.id", "is_audience_member", "beta", true],
    ["recipient", "is_audience_member", "data.list", true],
    ["recipient", "is_audience_member", "unknown", false],
    ["recipient", "is_not_audience_member", "unknown", true],
    ["recipient", "is_not_audience_member", "beta", false],
    ["actor", "is_audience_member", "beta", false],
  ])("%s %s %s evaluates to %s", (variable, operator, argument, expected) => {
    expect(evaluate({ variable, operator, argument }, scope).result).toBe(expected);
  });

  it("matches no audience member if no audiences are given", () => {
    const condition: Condition = { variable: "recipient", operator: "is_audience_member", argument: "beta" };
    expect(evaluate(condition, scopeWith()).result).toBe(false);
  });
});

const YES: Condition = { variable: "data.a", operator: "equal_to", argument: "1" };
const NO: Condition = { variable: "data.b", operator: "equal_to", argument: "2" };
const THIRD: Condition = { variable: "data.c", operator: "exists" };
const AB = scopeWith({ data: { a: 1, b: 1, c: 1 } });

describe("condition groups", () => {
  it.each<[string, ConditionGroup | null | undefined, boolean, (boolean | null)[]]>([
    ["E-094 is true if all conditions are true", { all: [YES, THIRD] }, true, [true, true]],
    ["E-095 stops at the first false condition of an all group", { all: [YES, NO, THIRD] }, false, [true, false, null]],
    ["E-095 stops at the first true condition of an any group", { any: [NO, YES, THIRD] }, true, [false, true, null]],
    ["E-094 is false if no condition of an any group is true", { any: [NO, NO] }, false, [false, false]],
    [
      "C-082 evaluates nested groups until the result is known",
      { any: [{ all: [YES, NO] }, THIRD, YES] },
      true,
      [true, false, true, null],
    ],
    [
      "F-029 evaluates conditions and groups in one any group",
      { any: [NO, { all: [YES, THIRD] }, { all: [NO, YES] }] },
      true,
      [false, true, true, null, null],
    ],
    [
      "F-030 evaluates an any group inside an all group",
      { all: [{ any: [NO, YES] }, NO] },
      false,
      [false, true, false],
    ],
    ["C-083 F-031 is true for an empty object", {}, true, []],
    ["F-031 is true for null", null, true, []],
    ["F-031 is true for absent conditions", undefined, true, []],
    ["F-031 is true for an empty all group", { all: [] }, true, []],
    ["F-031 is true for an empty any group", { any: [] }, true, []],
    ["F-031 is true if an any group contains an empty group", { any: [NO, {}] }, true, [false]],
  ])("%s", (_id, group, passed, results) => {
    const result = evaluateConditions(group, AB);
    expect(result.passed).toBe(passed);
    expect(result.evaluated.map((entry) => entry.result)).toEqual(results);
  });

  it("E-096 logs variables and arguments as resolved, and conditions that were not reached as written", () => {
    const want: Condition = { variable: "recipient.plan", operator: "equal_to", argument: "data.want" };
    const { evaluated } = evaluateConditions({ all: [want, THIRD] }, scopeWith({ data: { want: "free" } }));
    expect(evaluated).toEqual([
      { variable: "recipient.plan", operator: "equal_to", argument: "free", value: "pro", result: false },
      { variable: "data.c", operator: "exists", argument: undefined, value: undefined, result: null },
    ]);
  });

  it("C-124 E-152 F-032 joins a preference's plain list of conditions with AND", () => {
    expect(evaluateConditionList([YES, THIRD], AB).passed).toBe(true);
    expect(evaluateConditionList([YES, NO], AB).passed).toBe(false);
    expect(evaluateConditionList([], AB).passed).toBe(true);
  });

  it.each([
    ["i1", false],
    ["i2", true],
  ])("C-123 with muted [i1], item %s passes: %s", (item, passed) => {
    const condition: Condition = { variable: "recipient.muted", operator: "not_contains", argument: "data.item" };
    expect(evaluateConditionList([condition], scopeWith({ recipient: { muted: ["i1"] }, data: { item } })).passed).toBe(
      passed,
    );
  });

  it.each([
    [3, true],
    [2, false],
    [undefined, false],
  ])("C-136 with data.level %s, level over 2 passes: %s", (level, passed) => {
    const condition: Condition = { variable: "data.level", operator: "greater_than", argument: "2" };
    expect(evaluateConditionList([condition], scopeWith({ data: { level } })).passed).toBe(passed);
  });
});

describe("describeCondition", () => {
  it.each<[Condition, string]>([
    [
      { variable: "recipient.plan", operator: "equal_to", argument: "free" },
      'recipient.plan equal_to "free" (was "pro")',
    ],
    [{ variable: "data.note", operator: "not_empty" }, "data.note not_empty (was missing)"],
    [
      { variable: "recipient.age", operator: "greater_than", argument: "data.min" },
      "recipient.age greater_than missing (was 30)",
    ],
    [
      { variable: "refs.email_1.delivery_status", operator: "equal_to", argument: "$message.sent" },
      'refs.email_1.delivery_status equal_to $message.sent (was "skipped")',
    ],
  ])("describes %j", (condition, text) => {
    expect(describeCondition(evaluate(condition, scopeWith()))).toBe(text);
  });

  it("shortens long values and names the conditions that were not evaluated", () => {
    const long = evaluate({ variable: "data.s", operator: "empty" }, scopeWith({ data: { s: "x".repeat(1_000) } }));
    expect(describeCondition(long)).toBe(`data.s empty (was "${"x".repeat(58)}…)`);
    const [, skipped] = evaluateConditions({ any: [YES, THIRD] }, AB).evaluated;
    expect(describeCondition(skipped as never)).toBe("data.c exists (not evaluated)");
  });
});

describe("properties of condition groups", () => {
  const path = fc.oneof(
    fc.constantFrom(
      "data.a",
      "data",
      "recipient.tags",
      "refs.email_1.delivery_status",
      "refs.e.status",
      "refs..status",
      "event.x",
    ),
    fc.string(),
    fc.array(fc.string(), { maxLength: 4 }).map((parts) => parts.join(".")),
  );
  const condition: fc.Arbitrary<Condition> = fc.record({
    variable: path,
    operator: fc.constantFrom(...OPERATORS),
    argument: fc.oneof(
      fc.constant(undefined),
      path,
      fc.jsonValue().map((value) => value as Json),
      fc.json(),
    ),
  });
  const { group } = fc.letrec<{ group: ConditionGroup; node: Condition | ConditionGroup }>((tie) => ({
    node: fc.oneof({ depthSize: "small" }, condition, tie("group")),
    group: fc.oneof(
      { depthSize: "small" },
      fc.constant({} as ConditionGroup),
      fc.record({ all: fc.array(tie("node"), { maxLength: 4 }) }),
      fc.record({ any: fc.array(tie("node"), { maxLength: 4 }) }),
    ),
  }));
  const variables = fc.record({ data: fc.jsonValue(), recipient: fc.jsonValue() });

  it("any group over any data evaluates to true or false, and its log can be described", () => {
    fc.assert(
      fc.property(group, variables, (anyGroup, anyVariables) => {
        const { passed, evaluated } = evaluateConditions(anyGroup, scopeWith(anyVariables));
        expect(typeof passed).toBe("boolean");
        for (const entry of evaluated) expect(describeCondition(entry)).toContain(entry.operator);
      }),
      getPropertyRuns(5_000),
    );
  });

  it("E-094 E-095 recomputing a group from its log gives the same result", () => {
    const recompute = (node: Condition | ConditionGroup, results: (boolean | null)[]): boolean => {
      if ("operator" in node) return results.shift() === true;
      const [mode, nodes] = "all" in node ? ["all", node.all] : ["any", "any" in node ? node.any : []];
      const answers = (nodes as (Condition | ConditionGroup)[]).map((inner) => recompute(inner, results));
      if (answers.length === 0) return true;
      // A condition that was not reached does not change the group's result.
      return mode === "all" ? answers.every(Boolean) : answers.some(Boolean);
    };
    fc.assert(
      fc.property(group, variables, (anyGroup, anyVariables) => {
        const { passed, evaluated } = evaluateConditions(anyGroup, scopeWith(anyVariables));
        expect(
          recompute(
            anyGroup,
            evaluated.map((entry) => entry.result),
          ),
        ).toBe(passed);
      }),
      getPropertyRuns(5_000),
    );
  });

  it("a malformed list in a stored preference does not throw", () => {
    const malformed = fc.array(
      fc.oneof(fc.jsonValue(), fc.record({ operator: fc.jsonValue() }), fc.record({ variable: fc.jsonValue() })),
    );
    fc.assert(
      fc.property(malformed, (list) => {
        expect(typeof evaluateConditionList(list as unknown as Condition[], scopeWith()).passed).toBe("boolean");
      }),
    );
    expect(evaluateConditionList([{ operator: "like", variable: "recipient.plan" } as never], scopeWith()).passed).toBe(
      false,
    );
  });

  it("evaluating a group twice gives the same result", () => {
    fc.assert(
      fc.property(group, variables, (anyGroup, anyVariables) => {
        const scope = scopeWith(anyVariables);
        expect(evaluateConditions(anyGroup, scope)).toEqual(evaluateConditions(anyGroup, scope));
      }),
    );
  });
});
