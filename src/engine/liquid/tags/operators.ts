import { defaultOperators, toValue, toValueSync } from "liquidjs";
import { DecimalNumber } from "../filters/decimal-number.js";

type Operators = typeof defaultOperators;
type Operator = (left: unknown, right: unknown) => Generator<unknown, boolean, unknown>;

/** Whether liquidjs compares the value by methods of its own: `nil`, `empty` and `blank`. */
function isKeyword(value: unknown): value is { equals(other: unknown): unknown } {
  return typeof (value as { equals?: unknown } | null)?.equals === "function";
}

const isStandardEqual = defaultOperators["=="] as unknown as Operator;

/** Standard Liquid's `==`: `nil` equals `blank` whichever stands first; lists and maps are equal by their contents. */
function* isEqual(left: unknown, right: unknown): Generator<unknown, boolean, unknown> {
  if (isKeyword(left) && isKeyword(right) && toValue(left) === null) return yield* isStandardEqual(right, left);
  return yield* isStandardEqual(left, right);
}

/** Whether two values are equal, as `==` has it. */
export function areEqualValues(left: unknown, right: unknown): boolean {
  return toValueSync(isEqual(left, right)) as boolean;
}

/** Standard Liquid's `contains`: nothing contains `nil` or `false`; a map contains its keys. */
function contains(left: unknown, right: unknown): boolean {
  const [holder, item] = [toValue(left) as unknown, toValue(right) as unknown];
  if (item === null || item === undefined || item === false) return false;
  if (typeof holder === "string") return holder.includes(right instanceof DecimalNumber ? String(right) : String(item));
  if (Array.isArray(holder)) return holder.some((element) => areEqualValues(element, item));
  return typeof holder === "object" && holder !== null && Object.hasOwn(holder, String(item));
}

function* isDifferent(left: unknown, right: unknown): Generator<unknown, boolean, unknown> {
  return !(yield* isEqual(left, right));
}

function createOperators(): Operators {
  const { not: _not, ...standard } = defaultOperators;
  return { ...standard, "==": isEqual, "!=": isDifferent, "<>": isDifferent, contains } as unknown as Operators;
}

/** Standard Liquid's operators; it has no `not`. */
export const OPERATORS = createOperators();
