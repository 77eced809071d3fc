import type { Json, JsonObject } from "../util/json.js";

/** One step of a path: a name, an index, or all values of an object or list. */
interface Selector {
  key: string | number | null;
  /** Whether it also selects in all values below, as `..` does. */
  isDeep: boolean;
}

const SELECTOR =
  /(?<dots>\.{1,2})?(?:(?<name>[^.[\]'"*\s][^.[\]]*)|(?<all>\*)|\[(?:(?<index>-?\d+)|(?<allItems>\*)|'(?<single>[^']*)'|"(?<double>[^"]*)")\])/y;

/** Returns whether a selector is written with the dots that its place needs. */
function isSeparated(dots: string | undefined, isBracket: boolean, isFirst: boolean): boolean {
  if (isFirst) return dots === undefined;
  return isBracket ? dots !== "." : dots !== undefined;
}

/**
 * Parses a path into the content of a message: `blocks[0].rendered`, or a JSONPath (RFC 9535) of names, indexes, `*` and
 * `..`, such as `$..rendered`. Returns null for anything else, such as slices and filters.
 */
export function parseContentPath(path: string): Selector[] | null {
  const hasRoot = path.startsWith("$");
  const selectors: Selector[] = [];
  SELECTOR.lastIndex = hasRoot ? 1 : 0;
  while (SELECTOR.lastIndex < path.length) {
    const match = SELECTOR.exec(path);
    if (match?.groups === undefined) return null;
    const { dots, name, all, index, allItems, single, double } = match.groups;
    const isBracket = name === undefined && all === undefined;
    if (!isSeparated(dots, isBracket, selectors.length === 0 && !hasRoot)) return null;
    const key = (all ?? allItems) ? null : index === undefined ? (name ?? single ?? double ?? "") : Number(index);
    selectors.push({ key, isDeep: dots === ".." });
  }
  return selectors.length === 0 ? null : selectors;
}

const listChildren = (value: Json): Json[] => (typeof value === "object" && value !== null ? Object.values(value) : []);

/** Returns a value and all values below it, in the order of the document. */
function listDescendants(value: Json): Json[] {
  const found: Json[] = [];
  const pending = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    found.push(next);
    pending.push(...listChildren(next).reverse());
  }
  return found;
}

function selectChildren(value: Json, key: Selector["key"]): Json[] {
  if (key === null) return listChildren(value);
  if (typeof value !== "object" || value === null) return [];
  const name = typeof key === "number" && key < 0 && Array.isArray(value) ? value.length + key : key;
  const child = Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined;
  return child === undefined ? [] : [child];
}

/** Returns the values in a content that a path selects. */
export function selectContent(content: JsonObject, path: string): Json[] {
  let values: Json[] = [content];
  for (const { key, isDeep } of parseContentPath(path) ?? []) {
    const from = isDeep ? values.flatMap(listDescendants) : values;
    values = from.flatMap((value) => selectChildren(value, key));
  }
  return values;
}
