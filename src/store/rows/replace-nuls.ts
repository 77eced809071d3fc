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
