/**
 * Replaces NUL characters in a statement's value by the character that half a surrogate pair also becomes when a text is
 * encoded. PostgreSQL rejects a NUL, and a driver of SQLite ends the text at it, so that `ada\0x` would find `ada`. JSON
 * texts contain it escaped.
 */
export function replaceNul<Value>(value: Value): Value | string {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
}
