import { type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { runWithinTime, TimeLimitExceeded } from "../../util/time-limit.js";
import { allSchemas } from "./json-schema-keywords.js";
import { compileLinearPattern } from "./linear-pattern.js";

/** For one pattern over all texts of the data: for the syntax that needs backtracking, and as a bound on large patterns. */
const PATTERN_LIMIT_MS = 250;

/** A pattern that could not be matched against a text of the data in time. */
export class PatternTooSlow extends Error {
  constructor(
    readonly pattern: string,
    /** Of the text in the data, or of the property that has it as its name. */
    readonly pointer: string,
  ) {
    super(`${pattern} takes too long`);
  }
}

/** Every string of the data, keys included, with the pointer of one place where it is. */
function textsOf(data: Json): Map<string, string> {
  const texts = new Map<string, string>();
  const open: { value: Json; path: PropertyKey[] }[] = [{ value: data, path: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === "string") texts.set(value, pointerOf(path));
    else if (typeof value === "object" && value !== null) {
      const isList = Array.isArray(value);
      for (const [key, child] of Object.entries(value)) {
        if (!isList && !texts.has(key)) texts.set(key, pointerOf([...path, key]));
        open.push({ value: child, path: [...path, key] });
      }
    }
  }
  return texts;
}

interface Matches {
  matched: string[];
  /** Begins with the text that took too long. */
  undecided: string[];
}

function matching(pattern: string, texts: readonly string[]): Matches {
  const matched: string[] = [];
  let tested = 0;
  try {
    runWithinTime(PATTERN_LIMIT_MS, () => {
      const matches = compileLinearPattern(pattern) ?? RegExp.prototype.test.bind(new RegExp(pattern, "u"));
      for (const text of texts) {
        if (matches(text)) matched.push(text);
        tested++;
      }
    });
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
  }
  return { matched, undecided: texts.slice(tested) };
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const anyOf = (texts: readonly string[]): string => `^(?:${texts.map(escaped).join("|")})$`;

/** A schema whose patterns are decided for one value, and what its patterns were. */
interface DecidedSchema {
  schema: JsonObject;
  /** By the pattern that replaces it. */
  originals: ReadonlyMap<string, string>;
  /** The first pattern that is still as slow as it was, for the text that took too long. */
  slow: PatternTooSlow | null;
}

/**
 * Replaces each pattern of a schema by the list of the data's texts that it matches, found in linear time where the
 * pattern's syntax allows it. The validator, which has no hook for patterns, then answers as it would for the
 * original schema, for this data only. Texts that take too long keep the original pattern: most often the schema applies
 * it to other texts.
 */
export function decidePatterns(schema: JsonObject, data: Json): DecidedSchema {
  const copy = structuredClone(schema);
  const pointers = textsOf(data);
  const texts = [...pointers.keys()];
  const replacements = new Map<string, string>();
  let slow: PatternTooSlow | null = null;
  const decided = (pattern: string): string => {
    let replacement = replacements.get(pattern);
    if (replacement !== undefined) return replacement;
    const { matched, undecided } = matching(pattern, texts);
    // The number keeps two patterns that match the same texts apart: they may be keys of one object.
    const parts = [`[]{${replacements.size + 1}}`];
    if (matched.length > 0) parts.push(anyOf(matched));
    if (undecided.length > 0) {
      slow ??= new PatternTooSlow(pattern, pointers.get(undecided[0] as string) ?? "");
      parts.push(`(?=${anyOf(undecided)})[^]*?(?:${pattern})`);
    }
    replacement = parts.join("|");
    replacements.set(pattern, replacement);
    return replacement;
  };
  for (const [, part] of allSchemas(copy)) {
    if (typeof part.pattern === "string") part.pattern = decided(part.pattern);
    const { patternProperties } = part;
    if (typeof patternProperties === "object" && patternProperties !== null)
      part.patternProperties = Object.fromEntries(
        Object.entries(patternProperties).map(([pattern, inner]) => [decided(pattern), inner]),
      );
  }
  const originals = new Map([...replacements].map(([pattern, replacement]) => [replacement, pattern]));
  return { schema: copy, originals, slow };
}
