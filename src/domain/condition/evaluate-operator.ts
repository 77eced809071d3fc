import { isJsonObject } from "../../util/json.js";
import type { Operator } from "./condition.js";
import { parseRelativeTime, parseTimestamp } from "./parse-timestamp.js";

/**
 * Returns the result of one comparison (E-099 to E-120). `value` and `argument` are JSON, or undefined for a path that
 * was not found: `exists` and `empty` see that, other operators see an empty string (EQ-16). `now` is in milliseconds.
 * The caller looks up audience membership and passes it as a boolean `value` (E-118). An unknown operator is false.
 * Never throws.
 */
export function evaluateOperator(operator: Operator, value: unknown, argument: unknown, now: number): boolean {
  switch (operator) {
    case "equal_to":
      return isEqual(value, argument);
    case "not_equal_to":
      return !isEqual(value, argument);
    case "greater_than":
      return isOrdered(value, argument, (order) => order > 0);
    case "less_than":
      return isOrdered(value, argument, (order) => order < 0);
    case "greater_than_or_equal_to":
      return isOrdered(value, argument, (order) => order >= 0);
    case "less_than_or_equal_to":
      return isOrdered(value, argument, (order) => order <= 0);
    case "is_between":
      return isPair(argument) && isInRange(compare(value, argument[0]), compare(value, argument[1]));
    case "contains":
      return contains(value, argument);
    case "not_contains":
      return !contains(value, argument);
    case "contains_all":
      return containsAll(value, argument);
    case "not_contains_all":
      return !containsAll(value, argument);
    case "empty":
      return isEmpty(value);
    case "not_empty":
      return !isEmpty(value);
    case "exists":
      return value !== undefined && value !== null;
    case "not_exists":
      return value === undefined || value === null;
    case "is_audience_member":
      return value === true;
    case "is_not_audience_member":
      return value !== true;
    default:
      return evaluateTimestampOperator(operator, value, argument, now);
  }
}

/**
 * Returns the result of an operator for timestamps. If the text is not a timestamp, all of them are false except
 * `is_not_timestamp` (E-120).
 */
function evaluateTimestampOperator(operator: Operator, value: unknown, argument: unknown, now: number): boolean {
  const at = parseTimestamp(value);
  if (at === undefined) return operator === "is_not_timestamp";
  switch (operator) {
    case "is_timestamp":
      return true;
    case "is_timestamp_before":
    case "is_timestamp_before_date": {
      const limit = parseLimit(argument, now);
      return limit !== undefined && at < limit;
    }
    case "is_timestamp_on_or_after":
    case "is_timestamp_on_or_after_date": {
      const limit = parseLimit(argument, now);
      return limit !== undefined && at >= limit;
    }
    case "is_timestamp_before_now":
      return at < now;
    case "is_timestamp_on_or_after_now":
      return at >= now;
    case "is_timestamp_between": {
      if (!isPair(argument)) return false;
      const [start, end] = [parseTimestamp(argument[0]), parseTimestamp(argument[1])];
      return start !== undefined && end !== undefined && start <= at && at <= end;
    }
    default:
      return false;
  }
}

function parseLimit(argument: unknown, now: number): number | undefined {
  if (typeof argument !== "string") return undefined;
  return parseTimestamp(argument) ?? parseRelativeTime(argument, now);
}

function isPair(argument: unknown): argument is [unknown, unknown] {
  return Array.isArray(argument) && argument.length === 2;
}

function isInRange(fromLow: number | undefined, fromHigh: number | undefined): boolean {
  return fromLow !== undefined && fromHigh !== undefined && fromLow >= 0 && fromHigh <= 0;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function isEqual(value: unknown, argument: unknown): boolean {
  if (isNullish(value) && isNullish(argument)) return true;
  return isSameJson(value ?? "", defaultToEmpty(argument));
}

function isNullish(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Returns the argument, or an empty string if it is missing (E-091). A `null` in the file stays null. */
function defaultToEmpty(argument: unknown): unknown {
  return argument === undefined ? "" : argument;
}

/**
 * Compares values strictly by type, and lists and objects deeply (EQ-17). It uses a stack instead of recursion, because
 * data may be nested to any depth.
 */
function isSameJson(left: unknown, right: unknown): boolean {
  const pending: [unknown, unknown][] = [[left, right]];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) return false;
      for (let i = 0; i < a.length; i++) pending.push([a[i], b[i]]);
    } else if (isJsonObject(a) && isJsonObject(b)) {
      const keys = Object.keys(a);
      if (keys.length !== Object.keys(b).length) return false;
      for (const key of keys) {
        if (!Object.hasOwn(b, key)) return false;
        pending.push([a[key], b[key]]);
      }
    } else {
      return false;
    }
  }
  return true;
}

function isOrdered(value: unknown, argument: unknown, accepts: (order: number) => boolean): boolean {
  const order = compare(value, argument);
  return order !== undefined && accepts(order);
}

/**
 * Returns a number below, equal to or above zero, or undefined if the values have no order: a missing value or mixed
 * types (E-101, EQ-17).
 */
function compare(value: unknown, argument: unknown): number | undefined {
  if (typeof value === "number" && typeof argument === "number")
    return Number(value > argument) - Number(value < argument);
  if (typeof value !== "string" || typeof argument !== "string") return undefined;
  const [at, limit] = [parseTimestamp(value), parseTimestamp(argument)];
  return at !== undefined && limit !== undefined ? at - limit : compareCodePoints(value, argument);
}

/** Compares texts by code points. JavaScript's `<` compares UTF-16 code units, which puts U+10000 before U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
  }
  return a.length - b.length;
}

function contains(value: unknown, argument: unknown): boolean {
  const container = value ?? "";
  const target = defaultToEmpty(argument);
  if (Array.isArray(container)) {
    return Array.isArray(target) ? target.some((item) => hasItem(container, item)) : hasItem(container, target);
  }
  if (Array.isArray(target)) return hasItem(target, container);
  if (typeof target !== "string") return false;
  if (typeof container === "string") return container.includes(target);
  return isJsonObject(container) && Object.hasOwn(container, target);
}

function containsAll(value: unknown, argument: unknown): boolean {
  return Array.isArray(value) && Array.isArray(argument) && argument.every((item) => hasItem(value, item));
}

function hasItem(list: readonly unknown[], item: unknown): boolean {
  if (typeof item !== "object" || item === null) return list.includes(item);
  return list.some((candidate) => isSameJson(candidate, item));
}
