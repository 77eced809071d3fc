import { stringifyStorable } from "../../util/json.js";

/** The JSON text of a value. */
export type JsonText<Value> = string & { readonly value?: Value };

/**
 * Returns a value as the JSON text that a store keeps, without NUL and halves of surrogate pairs: a database cannot decode
 * them, so that one such row would break every query that reads the column.
 */
export const stringify = <Value>(value: Value): JsonText<Value> => stringifyStorable(value);

/** Returns a value as JSON text. Null stays null, so that it is stored as NULL. */
export function toJson<Value>(value: Value | null): JsonText<Value> | null {
  return value === null ? null : stringify(value);
}

/** Returns the value of a JSON text of the store. Null stays null. */
export function parseJson<Value>(text: JsonText<Value>): Value;
export function parseJson<Value>(text: JsonText<Value> | null): Value | null;
export function parseJson<Value>(text: JsonText<Value> | null): Value | null {
  return text === null ? null : (JSON.parse(text) as Value);
}

/** Half a surrogate pair also becomes this character when a text is encoded. */
const REPLACEMENT = "\ufffd";

/** A loop instead of `some`, because every statement passes here. */
function hasNul(values: readonly unknown[]): boolean {
  for (const value of values) if (typeof value === "string" && value.includes("\0")) return true;
  return false;
}

/**
 * Replaces the NUL characters in a statement's values. PostgreSQL rejects a NUL, and the packaged SQLite driver ends the text at
 * it, so that `ada\0x` would find `ada`. JSON texts contain it escaped. Hardly any values have one, so they are copied only then.
 */
export function replaceNuls<Value>(values: readonly Value[]): readonly (Value | string)[] {
  if (!hasNul(values)) return values;
  return values.map((value) => (typeof value === "string" ? value.replaceAll("\0", REPLACEMENT) : value));
}
