import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** A step of a path: a property or the index of a list. */
export type Segment = string | number;

/**
 * Parses a path: `a.b[0].c` → ["a", "b", 0, "c"]. A backslash escapes a dot or bracket in a key. `name` names the path's source in
 * errors. Throws `usage`.
 */
export function parsePath(path: string, name: string): Segment[] {
  const segments: Segment[] = [];
  const invalidPath = (): KnockError =>
    new KnockError("usage", `${name}: the path ${JSON.stringify(path)} is not valid`, {
      hint: "Use dots for properties and [0] for list items, such as order.items[0].sku.",
    });
  let rest = path;
  while (rest !== "") {
    const index = /^\[(\d{1,6})\]/.exec(rest);
    const key = index ? null : /^((?:\\.|[^.[\]\\])+)/.exec(rest);
    if (index) segments.push(Number(index[1]));
    else if (key) segments.push(key[0].replaceAll(/\\(.)/g, "$1"));
    else throw invalidPath();
    rest = rest.slice((index ?? key)?.[0].length ?? 0);
    if (rest.startsWith(".")) {
      rest = rest.slice(1);
      if (rest === "" || rest.startsWith("[")) throw invalidPath();
    } else if (rest !== "" && !rest.startsWith("[")) throw invalidPath();
  }
  if (segments.length === 0 || typeof segments[0] === "number") throw invalidPath();
  return segments;
}

const MAX_INDEX = 10_000;

/** Sets a value in an object, and creates the objects and lists on its path. Throws `usage` if a part of the path has another type. */
export function assignAtPath(target: JsonObject, segments: readonly Segment[], value: Json, name: string): void {
  let container: JsonObject | Json[] = target;
  for (const [index, segment] of segments.entries()) {
    if (segment === "__proto__")
      throw new KnockError("usage", `${name}: "__proto__" is not allowed as a key`, {
        hint: "Use another name for the property.",
      });
    if (typeof segment === "number" && segment > MAX_INDEX)
      throw new KnockError("usage", `${name}: the index ${segment} is too large: the maximum is ${MAX_INDEX}`, {
        hint: "Number the items of a list from 0.",
      });
    const slot = container as Record<Segment, Json>;
    if (index === segments.length - 1) {
      slot[segment] = value;
      return;
    }
    const nextIsIndex = typeof segments[index + 1] === "number";
    const current: Json | undefined = Object.hasOwn(slot, segment) ? slot[segment] : undefined;
    if (current === undefined || current === null) slot[segment] = nextIsIndex ? [] : {};
    else if (nextIsIndex ? !Array.isArray(current) : !isJsonObject(current)) {
      throw new KnockError(
        "usage",
        `${name}: ${segments.slice(0, index + 1).join(".")} is already ${Array.isArray(current) ? "a list" : isJsonObject(current) ? "an object" : `a ${typeof current}`}`,
        { hint: "Use another path, or remove the other value." },
      );
    }
    container = slot[segment] as JsonObject | Json[];
  }
}

/** Replaces the holes of lists that were filled with gaps by null, because JSON has no holes. */
export function fillHoles(value: Json): Json {
  if (Array.isArray(value)) return Array.from(value, (item) => fillHoles(item ?? null));
  if (!isJsonObject(value)) return value;
  for (const [key, child] of Object.entries(value)) value[key] = fillHoles(child);
  return value;
}
