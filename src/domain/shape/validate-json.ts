import { type Schema, Validator } from "@cfworker/json-schema";
import type { Json, JsonObject } from "../../util/json.js";
import { runWithinTime, TimeLimitExceeded } from "../../util/time-limit.js";
import { decidePatterns } from "./decide-patterns.js";
import { draftOf, normalizeSchema } from "./json-schema-dialect.js";
import { allSchemas } from "./json-schema-keywords.js";

/** For a validation with the patterns as they are. Few schemas take more than one millisecond. */
const FIRST_LIMIT_MS = 100;
/** For a validation with decided patterns: a list of thousands of unique items may still be slow. */
const DECIDED_LIMIT_MS = 1_000;
/** If a pattern is still slow, the validation is quick unless it needs just that pattern. */
const UNDECIDED_LIMIT_MS = 250;

export type Finding = ReturnType<Validator["validate"]>["errors"][number];

export interface Validation {
  valid: boolean;
  /** What does not match, from the outside in. */
  findings: readonly Finding[];
  /** The schema that the locations of the findings refer to. */
  schema: JsonObject;
  /** A pattern of that schema as the workflow has it. */
  patternOf: (pattern: string) => string;
}

interface Prepared {
  schema: JsonObject;
  validator: Validator;
  /** Whether validation takes linear time, so that it needs no limit: a limit costs a thread, 1 ms of a start. */
  isLinear: boolean;
}

/** Keywords that can take long on a short value: expressions, comparisons of all items, references that multiply. */
const UNBOUNDED = ["pattern", "patternProperties", "format", "uniqueItems", "$ref", "$dynamicRef", "$recursiveRef"];

function isLinear(schema: JsonObject): boolean {
  for (const [, part] of allSchemas(schema))
    if (UNBOUNDED.some((keyword) => Object.hasOwn(part, keyword))) return false;
  return true;
}

/** Made once per schema: many triggers of one process are checked against the same. */
const prepared = new WeakMap<JsonObject, Prepared>();

function prepare(schema: JsonObject): Prepared {
  let known = prepared.get(schema);
  if (known === undefined) {
    const normalized = normalizeSchema(schema);
    const validator = new Validator(normalized as Schema, draftOf(schema), false);
    known = { schema: normalized, validator, isLinear: isLinear(normalized) };
    prepared.set(schema, known);
  }
  return known;
}

/**
 * Validates a value against a JSON Schema (2020-12, 2019-09, 7, 6 or 4; formats are asserted) in bounded time. Patterns
 * run natively at first; if that takes too long, they run in linear time where their syntax allows it. Throws
 * `TimeLimitExceeded` or `PatternTooSlow` if there is no result even so, and what the validator throws for a schema that
 * it cannot use.
 */
export function validateJson(schema: JsonObject, value: Json): Validation {
  const { schema: normalized, validator, isLinear } = prepare(schema);
  const validate = () => validator.validate(value);
  try {
    const { valid, errors } = isLinear ? validate() : runWithinTime(FIRST_LIMIT_MS, validate);
    return { valid, findings: errors, schema: normalized, patternOf: (pattern) => pattern };
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
  }
  const decided = decidePatterns(normalized, value);
  try {
    const limit = decided.slow === null ? DECIDED_LIMIT_MS : UNDECIDED_LIMIT_MS;
    const { valid, errors } = runWithinTime(limit, () =>
      new Validator(decided.schema as Schema, draftOf(schema), false).validate(value),
    );
    return {
      valid,
      findings: errors,
      schema: decided.schema,
      patternOf: (pattern) => decided.originals.get(pattern) ?? pattern,
    };
  } catch (error) {
    throw error instanceof TimeLimitExceeded && decided.slow !== null ? decided.slow : error;
  }
}
