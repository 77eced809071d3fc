import { type Json, type JsonObject, toPointer } from "../../util/json.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../util/time-limit.js";
import { compileLinearPattern } from "./compile-linear-pattern.js";
import { walkSchemas } from "./json-schema-keywords.js";

/**
 * Limits the time of one pattern over all texts of the data. It bounds patterns that need backtracking, and very large
 * patterns.
 */
const PATTERN_TIMEOUT_MS = 250;

/** Thrown when a pattern could not be matched against a text of the data in time. */
export class PatternTimeoutError extends Error {
  constructor(
    readonly pattern: string,
    /** The pointer of the text, or of the property with this name. */
    readonly pointer: string,
  ) {
    super(`${pattern} takes too long`);
  }
}

/** Returns each string of the data, including keys, with the pointer of one of its locations. */
function collectTexts(data: Json): Map<string, string> {
  const texts = new Map<string, string>();
  const pending: { value: Json; path: PropertyKey[] }[] = [{ value: data, path: [] }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    if (typeof value === "string") texts.set(value, toPointer(path));
    else if (typeof value === "object" && value !== null) {
      const isList = Array.isArray(value);
      for (const [key, child] of Object.entries(value)) {
        if (!isList && !texts.has(key)) texts.set(key, toPointer([...path, key]));
        pending.push({ value: child, path: [...path, key] });
      }
    }
  }
  return texts;
}

interface Matches {
  matched: string[];
  /** The texts that were not tested. The first is the one that exceeded the time limit. */
  undecidedTexts: string[];
}

function findMatches(pattern: string, texts: readonly string[]): Matches {
  const matched: string[] = [];
  let tested = 0;
  try {
    runWithTimeLimit(PATTERN_TIMEOUT_MS, () => {
      const matches = compileLinearPattern(pattern) ?? RegExp.prototype.test.bind(new RegExp(pattern, "u"));
      for (const text of texts) {
        if (matches(text)) matched.push(text);
        tested++;
      }
    });
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
  }
  return { matched, undecidedTexts: texts.slice(tested) };
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const buildAlternation = (texts: readonly string[]): string => `^(?:${texts.map(escapePattern).join("|")})$`;

/** A schema whose patterns are resolved for one value. */
interface ResolvedSchema {
  schema: JsonObject;
  /** The original patterns, by the pattern that replaces them. */
  originals: ReadonlyMap<string, string>;
  /** The error for the first pattern that stays slow for some text, or null. */
  timeoutError: PatternTimeoutError | null;
}

/**
 * Replaces each pattern of a schema by a list of the texts in the data that match it. Matches are found in linear time
 * where the pattern's syntax allows it. The validator has no hook for patterns; with the new schema it returns the
 * result of the original schema, for this data only. The original pattern is kept for texts that exceed the time limit,
 * because the schema usually applies the pattern to other texts.
 */
export function resolvePatterns(schema: JsonObject, data: Json): ResolvedSchema {
  const copy = structuredClone(schema);
  const pointers = collectTexts(data);
  const texts = [...pointers.keys()];
  const replacements = new Map<string, string>();
  let timeoutError: PatternTimeoutError | null = null;
  const resolvePattern = (pattern: string): string => {
    let replacement = replacements.get(pattern);
    if (replacement !== undefined) return replacement;
    const { matched, undecidedTexts: undecided } = findMatches(pattern, texts);
    // Two patterns may match the same texts and be keys of one object. The number keeps their replacements distinct.
    const parts = [`[]{${replacements.size + 1}}`];
    if (matched.length > 0) parts.push(buildAlternation(matched));
    if (undecided.length > 0) {
      timeoutError ??= new PatternTimeoutError(pattern, pointers.get(undecided[0] as string) ?? "");
      parts.push(`(?=${buildAlternation(undecided)})[^]*?(?:${pattern})`);
    }
    replacement = parts.join("|");
    replacements.set(pattern, replacement);
    return replacement;
  };
  for (const [, part] of walkSchemas(copy)) {
    if (typeof part.pattern === "string") part.pattern = resolvePattern(part.pattern);
    const { patternProperties } = part;
    if (typeof patternProperties === "object" && patternProperties !== null)
      part.patternProperties = Object.fromEntries(
        Object.entries(patternProperties).map(([pattern, inner]) => [resolvePattern(pattern), inner]),
      );
  }
  const originals = new Map([...replacements].map(([pattern, replacement]) => [replacement, pattern]));
  return { schema: copy, originals, timeoutError };
}
