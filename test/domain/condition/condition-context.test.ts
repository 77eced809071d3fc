import { describe, expect, it } from "vitest";
import {
  type ConditionContext,
  checkCondition,
  parseConditionList,
} from "../../../src/domain/condition/parse-conditions.js";
import { toPointer } from "../../../src/util/json.js";

const EVERYWHERE: ConditionContext = { refs: new Set(["email_1"]) };
const PREFIXES = "data, recipient, actor, tenant, vars, workflow, run, refs";

/** Returns the findings about a value, each with its pointer. */
function collect(check: (report: (path: PropertyKey[], message: string) => void) => void): string[] {
  const findings: string[] = [];
  check((path, message) => findings.push(`${toPointer(path as string[])} ${message}`));
  return findings;
}

const checkVariable = (variable: unknown, context: ConditionContext) =>
  collect((report) => checkCondition({ variable, operator: "exists" }, ["c"], context, report));

describe("the variables of a condition", () => {
  it.each<[string, ConditionContext]>([
    ["data.a", EVERYWHERE],
    ["event.data.a", { ...EVERYWHERE, allowsEvent: true }],
    ["refs.email_1.delivery_status", EVERYWHERE],
    ["specimen.sequence", { ...EVERYWHERE, allowsAnyScope: true }],
    ["object.name", { ...EVERYWHERE, scopes: ["object"] }],
  ])("can be %s where %j", (variable, context) => {
    expect(checkVariable(variable, context)).toEqual([]);
  });

  it.each<[unknown, ConditionContext, string]>([
    ["event.data.a", EVERYWHERE, "can use event only in match conditions of a wait_for_event step"],
    ["other.a", EVERYWHERE, `must start with one of ${PREFIXES}: "other.a"`],
    ["other.a", { ...EVERYWHERE, allowsEvent: true }, `must start with one of ${PREFIXES}, event: "other.a"`],
    ["data.a", { ...EVERYWHERE, scopes: ["object"] }, 'must start with one of object: "data.a"'],
    ["refs.email_1.status", { refs: null }, "can use message statuses only in step and branch conditions"],
    ["refs.sms_1.status", EVERYWHERE, 'names a step that does not exist: "sms_1"'],
    ["  ", EVERYWHERE, "must be a path such as data.name"],
    [7, EVERYWHERE, "must be a path such as data.name"],
  ])("cannot be %j where %j", (variable, context, message) => {
    expect(checkVariable(variable, context)).toEqual([`/c/variable ${message}`]);
  });

  it("are compared by operators of their location only", () => {
    const check = (context: ConditionContext) =>
      collect((report) => checkCondition({ variable: "data.a", operator: "is_set" }, ["c"], context, report));
    expect(check({ ...EVERYWHERE, extraOperators: ["is_set"] })).toEqual([]);
    expect(check(EVERYWHERE)).toEqual([expect.stringContaining('/c/operator is not a known operator: "is_set"')]);
  });
});

describe("a list of conditions (F-032)", () => {
  const check = (value: unknown) =>
    collect((report) => parseConditionList(value, ["conditions"], { refs: null }, report));

  it("is returned as it is written", () => {
    const list = [{ variable: "data.a", operator: "exists" }];
    expect(parseConditionList(list, [], { refs: null }, () => {})).toBe(list);
  });

  it.each<[unknown, string[]]>([
    [{ all: [] }, ["/conditions must be a list of conditions"]],
    [["data.a"], ["/conditions/0 must be a condition"]],
    [
      [
        { variable: "data.a", operator: "exists" },
        { variable: "", operator: "exists" },
      ],
      ["/conditions/1/variable must be a path such as data.name"],
    ],
  ])("is rejected where it is wrong: %j", (value, expected) => {
    expect(check(value)).toEqual(expected);
  });

  it("has no conditions if it is not a list", () => {
    expect(parseConditionList("x", [], { refs: null }, () => {})).toEqual([]);
  });
});
