import { isJsonObject } from "../../util/json.js";

/** An object in a document, with its path. */
export interface FoundObject {
  value: Readonly<Record<string, unknown>>;
  path: PropertyKey[];
}

/** Yields the objects in a value. Those below the keys in `except` are not part of it. */
export function* walkObjects(
  value: unknown,
  path: PropertyKey[] = [],
  except: readonly string[] = [],
): Generator<FoundObject> {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* walkObjects(item, [...path, index], except);
  else if (isJsonObject(value)) {
    yield { value, path };
    for (const [key, item] of Object.entries(value))
      if (!except.includes(key)) yield* walkObjects(item, [...path, key], except);
  }
}
