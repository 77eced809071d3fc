import { isJsonObject, type Json, type JsonObject, toPointer } from "../../util/json.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../util/time-limit.js";
import { compileLinearPattern } from "./compile-linear-pattern.js";
import { walkSchemas } from "./json-schema-keywords.js";

/**
 * Limits the milliseconds of one pattern over all texts of the data. It bounds patterns that need backtracking, and very large
 * patterns.
 */
const PATTERN_TIMEOUT_MS = 250;

/** An error for a pattern that could not be matched against a text of the data in time. */
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

/** A pattern and a text that it was not matched against in time, or not at all after the first such text. */
export interface UndecidedMatch {
  pattern: string;
  text: string;
}

/** The results of all patterns of a schema for all texts of one value. */
interface PatternMatches {
  /** The texts that match, by pattern. */
  matched: ReadonlyMap<string, readonly string[]>;
  undecided: readonly UndecidedMatch[];
  /** The pointer of one location of each text. */
  pointers: ReadonlyMap<string, string>;
}

function findMatches(pattern: string, texts: readonly string[]): { matched: string[]; undecidedTexts: string[] } {
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

/** Matches each pattern of a schema against each text of the data, in linear time where the pattern's syntax allows it. */
export function matchPatterns(schema: JsonObject, data: Json): PatternMatches {
  const pointers = collectTexts(data);
  const texts = [...pointers.keys()];
  const matched = new Map<string, readonly string[]>();
  const undecided: UndecidedMatch[] = [];
  const match = (pattern: string): void => {
    if (matched.has(pattern)) return;
    const found = findMatches(pattern, texts);
    matched.set(pattern, found.matched);
    for (const text of found.undecidedTexts) undecided.push({ pattern, text });
  };
  for (const [, { pattern, patternProperties }] of walkSchemas(schema)) {
    if (typeof pattern === "string") match(pattern);
    if (isJsonObject(patternProperties)) Object.keys(patternProperties).forEach(match);
  }
  return { matched, undecided, pointers };
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const buildAlternation = (texts: readonly string[]): string => `^(?:${texts.map(escapePattern).join("|")})$`;

/** A schema whose patterns are resolved for one value. */
interface ResolvedSchema {
  schema: JsonObject;
  /** The original patterns, by the pattern that replaces them. */
  originals: ReadonlyMap<string, string>;
}

/**
 * Replaces each pattern of a schema by a list of the texts that match it. The validator has no hook for patterns; with
 * the new schema it returns the result of the original schema, for this data only. The original pattern is kept for the
 * texts in `undecided`, because the schema usually applies the pattern to other texts. Other texts without a result are
 * treated as a match.
 */
export function replacePatterns(
  schema: JsonObject,
  matches: PatternMatches,
  undecided: readonly UndecidedMatch[],
): ResolvedSchema {
  const copy = structuredClone(schema);
  const replacements = new Map<string, string>();
  const kept = new Set(undecided);
  const buildReplacement = (pattern: string): string => {
    const own = matches.undecided.filter((match) => match.pattern === pattern);
    const assumed = own.filter((match) => !kept.has(match)).map(({ text }) => text);
    const matched = [...(matches.matched.get(pattern) ?? []), ...assumed];
    const slow = own.filter((match) => kept.has(match)).map(({ text }) => text);
    // Two patterns may match the same texts and be keys of one object. The number keeps their replacements distinct.
    const parts = [`[]{${replacements.size + 1}}`];
    if (matched.length > 0) parts.push(buildAlternation(matched));
    if (slow.length > 0) parts.push(`(?=${buildAlternation(slow)})[^]*?(?:${pattern})`);
    return parts.join("|");
  };
  const replace = (pattern: string): string => {
    const replacement = replacements.get(pattern) ?? buildReplacement(pattern);
    replacements.set(pattern, replacement);
    return replacement;
  };
  for (const [, part] of walkSchemas(copy)) {
    if (typeof part.pattern === "string") part.pattern = replace(part.pattern);
    const { patternProperties } = part;
    if (isJsonObject(patternProperties))
      part.patternProperties = Object.fromEntries(
        Object.entries(patternProperties).map(([pattern, inner]) => [replace(pattern), inner]),
      );
  }
  return {
    schema: copy,
    originals: new Map([...replacements].map(([pattern, replacement]) => [replacement, pattern])),
  };
}
