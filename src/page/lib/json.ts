import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** The path of a value: property names and list indices. */
export type Path = readonly (string | number)[];

/**
 * Returns a copy with the value at a path replaced. Undefined removes the property or item. The given value is not
 * changed.
 */
export function replaceAtPath(root: Json | undefined, path: Path, value: Json | undefined): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(root) ? [...root] : [];
    const next = replaceAtPath(list[step], rest, value);
    if (next === undefined) list.splice(step, 1);
    else list[step] = next;
    return list;
  }
  const object: JsonObject = isJsonObject(root) ? { ...root } : {};
  const next = replaceAtPath(Object.hasOwn(object, step) ? object[step] : undefined, rest, value);
  if (next === undefined) delete object[step];
  else object[step] = next;
  return object;
}

/** Returns a path as the API names fields in its errors: `data.lines[0].sku`. */
export function formatFieldName(path: Path): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : at === 0 ? step : `.${step}`)).join("");
}
