import { isJsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Complain } from "./complain.js";

/** Checks a value of a JSON Schema and reports each fault. */
export type Shape<T> = (value: unknown, path: PropertyKey[], complain: Complain) => value is T;

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Returns the complaint about a value of the wrong kind, or about none: "must be a string, found a number". */
function fault(expected: string, value: unknown): string {
  return value === undefined ? `is required (${expected})` : `must be ${expected}, found ${kindOf(value)}`;
}

function simple<T>(expected: string, test: (value: unknown) => boolean): Shape<T> {
  return (value, path, complain): value is T => {
    if (test(value)) return true;
    complain(path, fault(expected, value));
    return false;
  };
}

export const text: Shape<string> = simple("a string", (value) => typeof value === "string");
export const flag: Shape<boolean> = simple("true or false", (value) => typeof value === "boolean");
export const number: Shape<number> = simple("a number", (value) => typeof value === "number");

/** Absent and null are the same in these files. */
export function optional<T>(shape: Shape<T>): Shape<T | null | undefined> {
  return (value, path, complain): value is T | null | undefined =>
    value === undefined || value === null || shape(value, path, complain);
}

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return (value, path, complain): value is T => {
    if (values.some((known) => known === value)) return true;
    const near = typeof value === "string" ? nearest(value, values) : undefined;
    const found = value === undefined ? "" : `, found ${JSON.stringify(value)}`;
    complain(
      path,
      `must be ${values.map((known) => JSON.stringify(known)).join(" or ")}${found}${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
    return false;
  };
}

/** Either of two; the complaint is `expected`. */
export function either<A, B>(expected: string, first: Shape<A>, second: Shape<B>): Shape<A | B> {
  const silent = (): void => {};
  return simple(expected, (value) => first(value, [], silent) || second(value, [], silent));
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value, path, complain): value is T[] => {
    if (!Array.isArray(value)) {
      complain(path, fault("a list", value));
      return false;
    }
    return value.map((item, index) => shape(item, [...path, index], complain)).every(Boolean);
  };
}

/** An object with these fields. Others are kept and ignored (F-026). */
export function object<F extends Record<string, Shape<unknown>>>(
  fields: F,
): Shape<{ [K in keyof F]: F[K] extends Shape<infer T> ? T : never }> {
  return (value, path, complain): value is { [K in keyof F]: F[K] extends Shape<infer T> ? T : never } => {
    if (!isJsonObject(value)) {
      complain(path, fault("an object", value));
      return false;
    }
    let ok = true;
    for (const [name, shape] of Object.entries(fields)) {
      if (!shape(Object.hasOwn(value, name) ? value[name] : undefined, [...path, name], complain)) ok = false;
    }
    return ok;
  };
}
