import { type Context, defaultOperators, toValue, toValueSync } from "liquidjs";
import { isObject } from "../../../util/json.js";
import { DecimalNumber } from "../filters/decimal-number.js";

type Outcome = Generator<unknown, boolean, unknown>;
type Operator = (left: unknown, right: unknown, context: Context) => boolean | Outcome;

/** The types of liquidjs do not say which operators have two operands. All have, except `not`. */
const {
  not: _not,
  "==": isStandardEqual,
  ...standard
} = defaultOperators as { [name: string]: Operator; "==": (left: unknown, right: unknown) => Outcome };

/** Returns whether a value is `nil`, `empty` or `blank`, which have their own method to compare. */
function isKeyword(value: unknown): value is { equals(other: unknown): unknown } {
  return isObject(value) && typeof value.equals === "function";
}

/** `==` of standard Liquid: `nil` equals `blank` in either order. Lists and maps are compared by content. */
function* isEqual(left: unknown, right: unknown): Generator<unknown, boolean, unknown> {
  if (isKeyword(left) && isKeyword(right) && toValue(left) === null) return yield* isStandardEqual(right, left);
  return yield* isStandardEqual(left, right);
}

/** Returns whether `==` holds for two values. */
export function areEqualValues(left: unknown, right: unknown): boolean {
  return toValueSync(isEqual(left, right));
}

/** `contains` of standard Liquid: no value contains `nil` or `false`, and a map contains its keys. */
function contains(left: unknown, right: unknown): boolean {
  const [container, item]: unknown[] = [toValue(left), toValue(right)];
  if (item === null || item === undefined || item === false) return false;
  if (typeof container === "string")
    return container.includes(right instanceof DecimalNumber ? String(right) : String(item));
  if (Array.isArray(container)) return container.some((element) => areEqualValues(element, item));
  return typeof container === "object" && container !== null && Object.hasOwn(container, String(item));
}

function* isDifferent(left: unknown, right: unknown): Generator<unknown, boolean, unknown> {
  return !(yield* isEqual(left, right));
}

/** The operators of standard Liquid, which has no `not`. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...standard,
  "==": isEqual,
  "!=": isDifferent,
  "<>": isDifferent,
  contains,
};
