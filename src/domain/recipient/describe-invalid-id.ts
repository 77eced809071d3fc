export const UNSTORABLE_MESSAGE = "must not contain NUL or half a surrogate pair";

/** Returns whether a store would change a name. SQLite ends a text at a NUL: `ada\0x` would become `ada`. */
export function isUnstorable(name: string): boolean {
  return name.includes("\0") || !name.isWellFormed();
}

/** Returns why a text is not a valid ID, or null. Collections follow the same rule (E-051). */
export function describeInvalidId(id: string): string | null {
  if (id.trim() === "") return "must not be empty";
  if (id.length > 256) return "must be at most 256 characters";
  if (/[/#]/.test(id)) return 'must not contain "/" or "#"';
  if (isUnstorable(id)) return UNSTORABLE_MESSAGE;
  return null;
}
