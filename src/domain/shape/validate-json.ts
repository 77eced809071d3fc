import { type Schema, Validator } from "@cfworker/json-schema";
import type { Json, JsonObject } from "../../util/json.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../util/time-limit.js";
import { getDraft, normalizeSchema } from "./json-schema-dialect.js";
import { walkSchemas } from "./json-schema-keywords.js";
import { resolvePatterns } from "./resolve-patterns.js";

/** For a validation with the patterns as they are. Few schemas take more than one millisecond. */
const NATIVE_TIMEOUT_MS = 100;
/** For a validation with decided patterns: a list of thousands of unique items may still be slow. */
const RESOLVED_TIMEOUT_MS = 1_000;
/** If a pattern is still slow, the validation is quick unless it needs just that pattern. */
const UNRESOLVED_TIMEOUT_MS = 250;

export type SchemaViolation = ReturnType<Validator["validate"]>["errors"][number];

export interface ValidationResult {
  valid: boolean;
  /** What does not match, from the outside in. */
  violations: readonly SchemaViolation[];
  /** The schema that the locations of the findings refer to. */
  schema: JsonObject;
  /** A pattern of that schema as the workflow has it. */
  getOriginalPattern: (pattern: string) => string;
}

interface CompiledSchema {
  schema: JsonObject;
  validator: Validator;
  /** Whether validation takes linear time, so that it needs no limit: a limit costs a thread, 1 ms of a start. */
  isLinear: boolean;
}

/** Keywords that can take long on a short value: expressions, comparisons of all items, references that multiply. */
const SLOW_KEYWORDS = ["pattern", "patternProperties", "format", "uniqueItems", "$ref", "$dynamicRef", "$recursiveRef"];

function isLinear(schema: JsonObject): boolean {
  for (const [, part] of walkSchemas(schema))
    if (SLOW_KEYWORDS.some((keyword) => Object.hasOwn(part, keyword))) return false;
  return true;
}

/** Made once per schema: many triggers of one process are checked against the same. */
const compiledSchemas = new WeakMap<JsonObject, CompiledSchema>();

function compileSchema(schema: JsonObject): CompiledSchema {
  let compiledSchema = compiledSchemas.get(schema);
  if (compiledSchema === undefined) {
    const normalized = normalizeSchema(schema);
    const validator = new Validator(normalized as Schema, getDraft(schema), false);
    compiledSchema = { schema: normalized, validator, isLinear: isLinear(normalized) };
    compiledSchemas.set(schema, compiledSchema);
  }
  return compiledSchema;
}

/**
 * Validates a value against a JSON Schema (2020-12, 2019-09, 7, 6 or 4; formats are asserted) in bounded time. Patterns
 * run natively at first; if that takes too long, they run in linear time where their syntax allows it. Throws
 * `TimeLimitExceeded` or `PatternTooSlow` if there is no result even so, and what the validator throws for a schema that
 * it cannot use.
 */
export function validateJson(schema: JsonObject, value: Json): ValidationResult {
  const { schema: normalized, validator, isLinear } = compileSchema(schema);
  const validate = () => validator.validate(value);
  try {
    const { valid, errors } = isLinear ? validate() : runWithTimeLimit(NATIVE_TIMEOUT_MS, validate);
    return { valid, violations: errors, schema: normalized, getOriginalPattern: (pattern) => pattern };
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
  }
  const resolvedSchema = resolvePatterns(normalized, value);
  try {
    const timeoutMs = resolvedSchema.timeoutError === null ? RESOLVED_TIMEOUT_MS : UNRESOLVED_TIMEOUT_MS;
    const { valid, errors } = runWithTimeLimit(timeoutMs, () =>
      new Validator(resolvedSchema.schema as Schema, getDraft(schema), false).validate(value),
    );
    return {
      valid,
      violations: errors,
      schema: resolvedSchema.schema,
      getOriginalPattern: (pattern) => resolvedSchema.originals.get(pattern) ?? pattern,
    };
  } catch (error) {
    throw error instanceof TimeLimitExceeded && resolvedSchema.timeoutError !== null
      ? resolvedSchema.timeoutError
      : error;
  }
}
