import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** The characters of a text around a difference that an expectation contains. */
const CONTEXT_LENGTH = 30;
const MAX_LENGTH = 120;

/** An expectation about a text of a content that another content does not meet. */
interface ContentDifference {
  /** The path of the text, as `content` of an expectation has it. */
  path: string;
  matcher: { contains: string } | { excludes: string };
}

const NAME = /^[^.[\]'"*\s]+$/;

/** Yields the texts of a content with their paths. */
function* walkTexts(value: Json, path: string): Generator<[path: string, text: string]> {
  if (typeof value === "string") yield [path, value];
  else if (Array.isArray(value)) for (const [at, item] of value.entries()) yield* walkTexts(item, `${path}[${at}]`);
  else if (isJsonObject(value))
    for (const [name, child] of Object.entries(value)) {
      // A block contains its template next to the text that the recipient sees.
      if (!NAME.test(name) || name === "__typename" || (name === "content" && "rendered" in value)) continue;
      yield* walkTexts(child, path === "" ? name : `${path}.${name}`);
    }
}

/** Returns the part of a text from a little before a position. */
const cut = (text: string, at: number): string => text.slice(Math.max(0, at - CONTEXT_LENGTH), at + MAX_LENGTH).trim();

/** Returns what a text contains and another one does not, or the reverse; null if both are equal. */
function compareTexts(text: string, other: string): ContentDifference["matcher"] | null {
  if (text === other) return null;
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  const own = cut(text, start);
  if (own !== "" && !other.includes(own)) return { contains: own };
  const foreign = cut(other, start);
  return foreign !== "" && !text.includes(foreign) ? { excludes: foreign } : null;
}

/**
 * Returns the first text of a content that differs from another content. `stable` is the same content with other IDs, which an
 * expectation must also meet.
 */
export function findContentDifference(
  content: JsonObject,
  other: JsonObject,
  stable: JsonObject,
): ContentDifference | null {
  const others = new Map(walkTexts(other, ""));
  const stables = new Map(walkTexts(stable, ""));
  for (const [path, text] of walkTexts(content, "")) {
    const matcher = compareTexts(text, others.get(path) ?? "");
    const again = stables.get(path);
    if (matcher === null || again === undefined) continue;
    if ("contains" in matcher ? again.includes(matcher.contains) : !again.includes(matcher.excludes))
      return { path, matcher };
  }
  return null;
}
