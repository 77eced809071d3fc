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

const UNARY: ReadonlySet<Operator> = new Set<Operator>([
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
  const test = UNARY.has(operator) ? `${variable} ${operator}` : `${variable} ${operator} ${shortText(argument)}`;
  return result === null ? `${test} (not evaluated)` : `${test} (was ${shortText(value)})`;
}

const LONGEST_SHOWN = 60;

function shortText(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string" && value.startsWith("$message.")) return value;
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, LONGEST_SHOWN) : value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text;
}
