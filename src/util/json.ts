/** A JSON value, and the two containers it may be. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets an own property even where the key is `__proto__`, which plain assignment would swallow. */
function setOwnProperty(target: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/**
 * Deep merge of objects, `over` winning; lists and scalars are replaced whole, `null` overwrites (E-038).
 * Neither argument is changed.
 */
export function deepMerge(base: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  // Not recursive: flags' JSON is merged before its depth is checked.
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

/** JSON text with object keys sorted at every level: equal values give equal text. */
export function stableStringify(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** A JSON pointer (RFC 6901) from path segments: `["recipients", 0, "id"]` → `/recipients/0/id`. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The value at a dotted path, own properties only; undefined where anything on the way is missing. */
export function getValueAtPath(root: unknown, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
