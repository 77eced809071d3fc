import { Validator } from "@cfworker/json-schema";
import type { Json, JsonObject } from "../../util/json.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../util/time-limit.js";
import { getDraft, normalizeSchema } from "./json-schema-dialect.js";
import { walkSchemas } from "./json-schema-keywords.js";
import { matchPatterns, PatternTimeoutError, replacePatterns, type UndecidedMatch } from "./resolve-patterns.js";

/** Limits a validation with the original patterns. Few schemas take more than one millisecond. */
const NATIVE_TIMEOUT_MS = 100;
/**
 * Limits a validation with resolved patterns. It is fast unless a list has thousands of unique items or a slow pattern is
 * needed. A shorter limit would reject valid data while other processes keep the processors busy.
 */
const RESOLVED_TIMEOUT_MS = 1_000;

/** Limits each validation that looks for the slow pattern of an error. A busy computer exceeds a shorter limit without one. */
const SEARCH_TIMEOUT_MS = 250;

export type SchemaViolation = ReturnType<Validator["validate"]>["errors"][number];

export interface ValidationResult {
  valid: boolean;
  /** The violations, from the outermost value to the innermost. */
  violations: readonly SchemaViolation[];
  /** The schema that the violations' locations refer to. */
  schema: JsonObject;
  /** Returns the workflow's original pattern for a pattern of `schema`. */
  getOriginalPattern: (pattern: string) => string;
}

interface CompiledSchema {
  schema: JsonObject;
  validator: Validator;
  /**
   * Whether validation takes linear time and therefore needs no time limit. A time limit costs a thread, 1 ms of a start and
   * 0.3 ms of each validation.
   */
  isLinear: boolean;
}

/** Keywords that can take long for a short value: patterns, comparisons of all items, and references that multiply. */
const SLOW_KEYWORDS = ["pattern", "patternProperties", "uniqueItems", "$ref", "$dynamicRef", "$recursiveRef"];
/**
 * The formats that the validator checks in linear time: their expressions begin at the start of the text and have only one way
 * to match each part of it. The others have not been examined.
 */
export const LINEAR_FORMATS = [
  "date",
  "time",
  "date-time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uri",
  "uuid",
];

function isLinear(schema: JsonObject): boolean {
  for (const [, part] of walkSchemas(schema)) {
    if (SLOW_KEYWORDS.some((keyword) => Object.hasOwn(part, keyword))) return false;
    if (Object.hasOwn(part, "format") && !LINEAR_FORMATS.some((name) => name === part.format)) return false;
  }
  return true;
}

/** Schemas are compiled once, because many triggers of one process are checked against the same schema. */
const compiledSchemas = new WeakMap<JsonObject, CompiledSchema>();

function compileSchema(schema: JsonObject): CompiledSchema {
  let compiledSchema = compiledSchemas.get(schema);
  if (compiledSchema === undefined) {
    const normalized = normalizeSchema(schema);
    const validator = new Validator(normalized, getDraft(schema), false);
    compiledSchema = { schema: normalized, validator, isLinear: isLinear(normalized) };
    compiledSchemas.set(schema, compiledSchema);
  }
  return compiledSchema;
}

/**
 * Validates a value against a JSON Schema (2020-12, 2019-09, 7, 6 or 4) in bounded time. Formats are asserted. Patterns
 * run natively first. If that exceeds the time limit, they run in linear time where their syntax allows it. Throws
 * `TimeLimitExceeded` or `PatternTimeoutError` if that takes too long as well, and the validator's errors for a schema
 * that it cannot use.
 */
export function validateJson(schema: JsonObject, value: Json): ValidationResult {
  const { schema: normalized, validator, isLinear } = compileSchema(schema);
  const validate = () => validator.validate(value);
  const native = isLinear ? validate() : catchTimeout(() => runWithTimeLimit(NATIVE_TIMEOUT_MS, validate));
  if (!(native instanceof TimeLimitExceeded))
    return {
      valid: native.valid,
      violations: native.errors,
      schema: normalized,
      getOriginalPattern: (pattern) => pattern,
    };
  const matches = matchPatterns(normalized, value);
  const validateWith = (undecided: readonly UndecidedMatch[], limitMs: number): ValidationResult => {
    const resolved = replacePatterns(normalized, matches, undecided);
    const { valid, errors } = runWithTimeLimit(limitMs, () =>
      new Validator(resolved.schema, getDraft(schema), false).validate(value),
    );
    return {
      valid,
      violations: errors,
      schema: resolved.schema,
      getOriginalPattern: (pattern) => resolved.originals.get(pattern) ?? pattern,
    };
  };
  const result = catchTimeout(() => validateWith(matches.undecided, RESOLVED_TIMEOUT_MS));
  if (!(result instanceof TimeLimitExceeded)) return result;
  const slow = findSlowMatch(
    matches.undecided,
    (some) => catchTimeout(() => validateWith(some, SEARCH_TIMEOUT_MS)) instanceof TimeLimitExceeded,
  );
  throw slow === undefined ? result : new PatternTimeoutError(slow.pattern, matches.pointers.get(slow.text) ?? "");
}

function catchTimeout<T>(work: () => T): T | TimeLimitExceeded {
  try {
    return work();
  } catch (error) {
    if (error instanceof TimeLimitExceeded) return error;
    throw error;
  }
}

/**
 * Returns the match that makes a validation slow, by a binary search for the shortest slow part of the list. Most are
 * never needed, because a schema applies few patterns to few texts.
 */
function findSlowMatch(
  undecided: readonly UndecidedMatch[],
  isSlow: (some: readonly UndecidedMatch[]) => boolean,
): UndecidedMatch | undefined {
  let first = 0;
  let last = undecided.length - 1;
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    if (isSlow(undecided.slice(0, middle + 1))) last = middle;
    else first = middle + 1;
  }
  return undecided[last];
}
