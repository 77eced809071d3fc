import { filterObjects } from "../../util/json.js";
import type { Operator } from "./condition.js";

/** A condition as logged, with resolved `value` and `argument`. They are undefined if a path was not found (E-096). */
export interface EvaluatedCondition {
  variable: string;
  operator: string;
  argument: unknown;
  value: unknown;
  /** The result; null if the condition was not evaluated because the group's result was already known (E-095). */
  result: boolean | null;
}

const UNARY_OPERATORS: ReadonlySet<string> = new Set<Operator>([
  "empty",
  "not_empty",
  "exists",
  "not_exists",
  "is_timestamp",
  "is_not_timestamp",
  "is_timestamp_before_now",
  "is_timestamp_on_or_after_now",
]);

/** Returns a condition without its value, such as `recipient.plan equal_to "pro"`. */
export function describeComparison({
  variable,
  operator,
  argument,
}: Pick<EvaluatedCondition, "variable" | "operator" | "argument">): string {
  return UNARY_OPERATORS.has(operator)
    ? `${variable} ${operator}`
    : `${variable} ${operator} ${formatConditionValue(argument)}`;
}

/** Returns a condition as a reason's detail shows it, such as `recipient.plan equal_to "pro" (was "free")`. */
export function describeCondition(condition: EvaluatedCondition): string {
  const comparison = describeComparison(condition);
  return condition.result === null
    ? `${comparison} (not evaluated)`
    : `${comparison} (was ${formatConditionValue(condition.value)})`;
}

const MAX_VALUE_LENGTH = 60;

/** Returns a compared value as text, shortened. A path without a value is `missing`. */
export function formatConditionValue(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string" && value.startsWith("$message.")) return value;
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, MAX_VALUE_LENGTH) : value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
}

/** Parses the conditions that a run logged. A path without a value is null in the log. */
export const parseConditionLog = (conditions: unknown): EvaluatedCondition[] =>
  filterObjects(conditions).map(({ variable, operator, argument, value, result }) => ({
    variable: String(variable),
    operator: String(operator),
    argument,
    value: value ?? undefined,
    result: typeof result === "boolean" ? result : null,
  }));
