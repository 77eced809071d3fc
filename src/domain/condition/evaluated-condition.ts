import type { Operator } from "./condition.js";

/** One condition as logged (E-096). `value` and `argument` as resolved, undefined where a path led nowhere. */
export interface EvaluatedCondition {
  variable: string;
  operator: Operator;
  argument: unknown;
  value: unknown;
  /** Null: the result was known before it (E-095). */
  result: boolean | null;
}

const UNARY_OPERATORS: ReadonlySet<Operator> = new Set<Operator>([
  "empty",
  "not_empty",
  "exists",
  "not_exists",
  "is_timestamp",
  "is_not_timestamp",
  "is_timestamp_before_now",
  "is_timestamp_on_or_after_now",
]);

/** In a few words, for a reason's detail: `recipient.plan equal_to "pro" (was "free")`. */
export function describeCondition({ variable, operator, argument, value, result }: EvaluatedCondition): string {
  const test = UNARY_OPERATORS.has(operator)
    ? `${variable} ${operator}`
    : `${variable} ${operator} ${formatValue(argument)}`;
  return result === null ? `${test} (not evaluated)` : `${test} (was ${formatValue(value)})`;
}

const MAX_VALUE_LENGTH = 60;

function formatValue(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string" && value.startsWith("$message.")) return value;
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, MAX_VALUE_LENGTH) : value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
}
