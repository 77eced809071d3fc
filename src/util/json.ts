/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Returns whether a value is an object or a list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the objects of a list. Empty for other values. */
export const filterObjects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** Returns a value as text: objects and lists as JSON, because `String` throws for an object with a property `toString`. */
export function stringifyValue(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** Sets an own property, also for the key `__proto__`, for which plain assignment would not create one. */
function setOwnProperty(target: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/**
 * Merges objects deeply; values of `over` take precedence. Lists and scalars are replaced as a whole, and `null` overwrites.
 * Neither argument is changed (E-038).
 */
export function deepMerge(base: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  // Not recursive, because the JSON of flags is merged before its depth is checked.
  const pending = [{ target: merged, from: over }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { target, from } = next;
    for (const [key, value] of Object.entries(from)) {
      const current = Object.hasOwn(target, key) ? target[key] : undefined;
      const areObjects = isJsonObject(current) && isJsonObject(value);
      const inner: Json = areObjects ? { ...current } : value;
      setOwnProperty(target, key, inner);
      if (areObjects) pending.push({ target: inner as JsonObject, from: value });
    }
  }
  return merged;
}

/** Returns JSON text with object keys sorted at every level, so that equal values have equal texts. */
export function stableStringify(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** One escape sequence of a JSON text. `JSON.stringify` escapes no surrogates but those without their other half. */
const ESCAPE = /\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|.)/g;

/**
 * Returns a value as JSON text that every reader can decode. NUL and halves of surrogate pairs, in keys and values, become the
 * replacement character, as when a text is encoded in UTF-8.
 */
export function stringifyStorable(value: unknown, indentation?: number): string {
  const text = JSON.stringify(value, null, indentation);
  if (!text?.includes("\\u")) return text;
  return text.replace(ESCAPE, (found) => (found.length > 2 ? "\ufffd" : found));
}

/** Returns a JSON value from outside with NUL and halves of surrogate pairs replaced, as a store would keep it. */
export const toStorable = <Value extends Json>(value: Value): Value => JSON.parse(stringifyStorable(value));

/** Returns the JSON pointer (RFC 6901) for path segments: `["recipients", 0, "id"]` → `/recipients/0/id`. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

const unescapeSegment = (segment: string): string => segment.replaceAll("~1", "/").replaceAll("~0", "~");

/** Returns the path segments of a JSON pointer (RFC 6901): `/recipients/0/id` → `["recipients", "0", "id"]`. */
export const parsePointer = (pointer: string): string[] => pointer.split("/").slice(1).map(unescapeSegment);

/** Returns the path segments of a JSON pointer in the fragment of a URI: `#/order/a%20b` → `["order", "a b"]`. */
export const parseUriFragment = (fragment: string): string[] =>
  fragment.split("/").slice(1).map(decodeURIComponent).map(unescapeSegment);

/** Returns the value at a path, by own properties only; undefined if any part is missing. */
export function getValueAtPath(root: Json | undefined, path: readonly string[]): Json | undefined;
export function getValueAtPath(root: unknown, path: readonly string[]): unknown;
export function getValueAtPath(root: unknown, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const part of path) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** Returns whether JSON is nested deeper than `levels`. Iterative, because recursive code must not receive such a value. */
export function isDeeperThan(root: unknown, levels: number): boolean {
  let level: object[] = typeof root === "object" && root !== null ? [root] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= levels) return true;
    level = level.flatMap((value) =>
      Object.values(value).filter((child): child is object => typeof child === "object" && child !== null),
    );
  }
  return false;
}

/** Returns the keys of an object whose type lists all of them. */
export const getKeys = <Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] =>
  Object.keys(record) as Key[];

/** Returns an object without the entries that are null, undefined, or an empty list or object. */
export function omitEmpty(entries: Record<string, Json | undefined>): JsonObject {
  const isEmpty = (value: Json | undefined): boolean =>
    value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => !isEmpty(value))) as JsonObject;
}
