import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { checkConditionArgument, checkRefVariable } from "./check-condition-argument.js";
import { type Condition, type ConditionGroup, OPERATORS } from "./condition.js";

const SCOPES = ["data", "recipient", "actor", "tenant", "vars", "workflow", "run", "refs"];

/**
 * The variables and operators that conditions can use in their location: only conditions of steps can use message
 * statuses and earlier steps (E-090, F-053).
 */
export interface ConditionContext {
  /** The refs of the workflow's steps, or null if the conditions cannot use `refs`. */
  refs: ReadonlySet<string> | null;
  /** Whether conditions can use `event.…`. Only match conditions of a wait step can (section 6.1). */
  allowsEvent?: boolean;
  /** The scopes that variables can start with, if they differ from the usual ones. */
  scopes?: readonly string[];
  /**
   * Whether variables can start with any scope. The API accepts such preferences, so they only cause a warning.
   */
  allowsAnyScope?: boolean;
  /** Operators in addition to the common ones. Rules of a channel group have one. */
  extraOperators?: readonly string[];
}

/** Operators of other languages, with their equivalents. */
const OPERATOR_ALIASES: Readonly<Record<string, string>> = {
  "=": "equal_to",
  "==": "equal_to",
  "===": "equal_to",
  equals: "equal_to",
  eq: "equal_to",
  is: "equal_to",
  "!=": "not_equal_to",
  "!==": "not_equal_to",
  not_equals: "not_equal_to",
  neq: "not_equal_to",
  is_not: "not_equal_to",
  ">": "greater_than",
  gt: "greater_than",
  ">=": "greater_than_or_equal_to",
  gte: "greater_than_or_equal_to",
  "<": "less_than",
  lt: "less_than",
  "<=": "less_than_or_equal_to",
  lte: "less_than_or_equal_to",
  includes: "contains",
  in: "contains",
  does_not_contain: "not_contains",
  not_includes: "not_contains",
  not_in: "not_contains",
  does_not_equal: "not_equal_to",
  is_empty: "empty",
  is_not_empty: "not_empty",
  is_set: "exists",
  is_not_set: "not_exists",
  is_null: "not_exists",
  between: "is_between",
};

function suggestOperator(operator: string, known: readonly string[]): string | undefined {
  return Object.hasOwn(OPERATOR_ALIASES, operator) ? OPERATOR_ALIASES[operator] : findNearest(operator, known);
}

/** Returns why a value is not an operator, with the nearest one or all of them, or null. */
function describeOperatorFault(operator: unknown, extraOperators: readonly string[]): string | null {
  const known = [...OPERATORS, ...extraOperators];
  if (operator === undefined) return 'is required, such as "equal_to"';
  if (typeof operator !== "string") return `must be the name of an operator: ${JSON.stringify(operator)}`;
  if (known.includes(operator)) return null;
  const near = suggestOperator(operator, known);
  const suggestion = near === undefined ? `the operators are ${known.join(", ")}` : `did you mean "${near}"?`;
  return `is not a known operator: ${JSON.stringify(operator)}; ${suggestion}`;
}

/** Checks one condition, in a group or in a list. */
export function checkCondition(
  value: Record<string, unknown>,
  path: PropertyKey[],
  context: ConditionContext,
  report: ReportFinding,
): void {
  const { variable, operator } = value;
  const fault = describeOperatorFault(operator, context.extraOperators ?? []);
  if (fault !== null) report([...path, "operator"], fault);
  if (typeof variable !== "string" || variable.trim() === "") {
    report([...path, "variable"], "must be a path such as data.name");
    return;
  }
  if (context.allowsAnyScope !== true) checkScope(variable, path, context, report);
  if (typeof operator === "string")
    checkConditionArgument(
      { variable, operator, argument: value.argument },
      context.refs,
      [...path, "argument"],
      report,
    );
}

function checkScope(variable: string, path: PropertyKey[], context: ConditionContext, report: ReportFinding): void {
  const [scope = ""] = variable.split(".");
  const scopes = context.scopes ?? (context.allowsEvent === true ? [...SCOPES, "event"] : SCOPES);
  if (scope === "event" && context.allowsEvent !== true) {
    report([...path, "variable"], "can use event only in match conditions of a wait_for_event step");
  } else if (!scopes.includes(scope)) {
    report([...path, "variable"], `must start with one of ${scopes.join(", ")}: ${JSON.stringify(variable)}`);
  } else if (scope === "refs") {
    if (context.refs === null)
      report([...path, "variable"], "can use message statuses only in step and branch conditions");
    else checkRefVariable(variable, context.refs, [...path, "variable"], report);
  }
}

/** Parses a list of conditions that must all be true, as in preferences (F-032). */
export function parseConditionList(
  value: unknown,
  path: PropertyKey[],
  context: ConditionContext,
  report: ReportFinding,
): Condition[] {
  if (!Array.isArray(value)) {
    report(path, "must be a list of conditions");
    return [];
  }
  for (const [index, item] of value.entries()) {
    if (isJsonObject(item)) checkCondition(item, [...path, index], context, report);
    else report([...path, index], "must be a condition");
  }
  return value;
}

/**
 * Parses a group of conditions, or returns null for an absent or empty one. Reports conditions that would never work as intended
 * (F-028 to F-031).
 */
export function parseConditionGroup(
  value: unknown,
  path: PropertyKey[],
  context: ConditionContext,
  report: ReportFinding,
): ConditionGroup | null {
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value)) {
    report(path, 'must be an object with "all" or "any"');
    return null;
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return null;
  if ("all" in value && "any" in value) {
    report(path, 'must have "all" or "any", not both');
    return null;
  }
  const kind = "all" in value ? "all" : "any" in value ? "any" : null;
  const list = kind === null ? undefined : value[kind];
  if (kind === null || !Array.isArray(list)) {
    report(path, 'must have "all" or "any" with a list of conditions');
    return null;
  }
  for (const [index, node] of list.entries()) {
    const nodePath = [...path, kind, index];
    if (isJsonObject(node) && ("all" in node || "any" in node)) parseConditionGroup(node, nodePath, context, report);
    else if (isJsonObject(node)) checkCondition(node, nodePath, context, report);
    else report(nodePath, "must be a condition or a group");
  }
  return value as ConditionGroup;
}

/** Returns the group to evaluate, or null if the file has none or an empty one. */
export function normalizeConditionGroup(group: ConditionGroup | null | undefined): ConditionGroup | null {
  return group == null || Object.keys(group).length === 0 ? null : group;
}

/**
 * Returns the number of conditions in a group, including invalid ones. A branch that is not the default needs at least
 * one (E-309).
 */
export function countConditions(group: ConditionGroup | null): number {
  if (group === null) return 0;
  const list = "all" in group ? group.all : "any" in group ? group.any : [];
  if (!Array.isArray(list)) return 0; // parseConditionGroup has reported it
  return list.reduce<number>((sum, node) => {
    const isGroup = isJsonObject(node) && ("all" in node || "any" in node);
    return sum + (isGroup ? countConditions(node) : 1);
  }, 0);
}
