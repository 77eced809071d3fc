import { type ErrorDetail, getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { findNearest } from "../../util/find-nearest.js";
import {
  getValueAtPath,
  isJsonObject,
  type Json,
  type JsonObject,
  parseUriFragment,
  toPointer,
} from "../../util/json.js";
import { TimeLimitExceeded } from "../../util/time-limit.js";
import { formatPointer } from "../findings/describe-finding.js";
import { walkSchemas } from "./json-schema-keywords.js";
import { PatternTimeoutError } from "./resolve-patterns.js";
import { suggestRenaming } from "./suggest-renaming.js";
import { type SchemaViolation, type ValidationResult, validateJson } from "./validate-json.js";

/** Keywords whose violation only repeats a deeper one. Errors show the deeper one. */
const WRAPPER_KEYWORDS = new Set([
  "properties",
  "additionalProperties",
  "unevaluatedProperties",
  "items",
  "prefixItems",
  "additionalItems",
  "unevaluatedItems",
  "allOf",
  "$ref",
  "$recursiveRef",
  "if",
  "then",
  "else",
  "patternProperties",
  "dependentSchemas",
]);

/** Returns the part of a schema that a reference within it names: by a path, by an anchor, or `#` for the whole. */
function resolveReference(schema: JsonObject, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  if (reference === "#" || reference.startsWith("#/")) return getValueAtPath(schema, parseUriFragment(reference));
  const name = reference.slice(1);
  for (const [, part] of walkSchemas(schema)) if (part.$anchor === name || part.$dynamicAnchor === name) return part;
  return undefined;
}

/** Returns the value at a keyword's location. Such a location contains each reference that the validator followed. */
function findSchemaAt(schema: JsonObject, keywordLocation: string): unknown {
  let value: unknown = schema;
  for (const segment of parseUriFragment(keywordLocation)) {
    const part = getValueAtPath(value, [segment]);
    // Without $recursiveAnchor, the validator's locations contain this keyword twice.
    if (part === undefined && segment === "$recursiveRef") continue;
    value = part;
    if ((segment === "$ref" || segment === "$recursiveRef") && typeof value === "string")
      value = resolveReference(schema, value);
  }
  return value;
}

function formatValue(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Returns the sentence about a violation in the style of other errors, such as "must be string, found 7". */
function describeViolation(
  { schema, getOriginalPattern }: ValidationResult,
  keyword: string,
  keywordLocation: string,
  found: unknown,
  fallback: string,
): string {
  const expected = findSchemaAt(schema, keywordLocation);
  if (expected === undefined) return fallback.replace(/\.$/, ""); // the location goes through a reference to another document
  const expectedText = formatValue(expected).replaceAll('"', "");
  switch (keyword) {
    case "type":
      return `must be ${Array.isArray(expected) ? expected.join(" or ") : String(expected)}, found ${formatValue(found)}`;
    case "enum":
      return `must be one of ${formatValue(expected)}, found ${formatValue(found)}`;
    case "const":
      return `must be ${formatValue(expected)}, found ${formatValue(found)}`;
    case "format":
      return `must be a valid ${String(expected)}, found ${formatValue(found)}`;
    case "pattern":
      return `must match ${getOriginalPattern(String(expected))}, found ${formatValue(found)}`;
    case "minimum":
    case "exclusiveMinimum":
    case "maximum":
    case "exclusiveMaximum":
    case "multipleOf":
    case "minLength":
    case "maxLength":
    case "minItems":
    case "maxItems":
    case "minProperties":
    case "maxProperties":
      return `violates ${keyword} ${expectedText}, found ${formatValue(found)}`;
    case "uniqueItems":
      return "must not contain the same item twice";
    case "anyOf":
      return "must match at least one schema of anyOf";
    case "oneOf":
      return `must match exactly one schema of oneOf${/ \(\d+ matches\)/.exec(fallback)?.[0] ?? ""}`;
    case "not":
      return "must not match the schema of not";
    case "contains":
      return "must contain an item that matches the schema of contains";
    default:
      return fallback.replace(/\.$/, "");
  }
}

/** Matches a property name in the validator's messages. The name itself may contain quotes. */
const QUOTED = /"(.*)"/s;

const listSiblingProperties = (schema: JsonObject, keywordLocation: string): string[] => {
  const properties = findSchemaAt(schema, keywordLocation.replace(/\/[^/]+$/, "/properties"));
  return isJsonObject(properties) ? Object.keys(properties) : [];
};

/**
 * Returns a violation as an error detail, or null if another violation describes the problem better. `previous` is the
 * violation that the validator listed before it.
 */
function toErrorDetail(
  validation: ValidationResult,
  data: Json,
  violation: SchemaViolation,
  previous?: SchemaViolation,
): ErrorDetail | null {
  const { schema } = validation;
  const { keyword, keywordLocation, instanceLocation, error } = violation;
  // Violations of `propertyNames` are reported by that keyword, so that they do not look like errors of the value.
  if (WRAPPER_KEYWORDS.has(keyword) || /(?<!\/properties)\/propertyNames\//.test(keywordLocation)) return null;
  const path = parseUriFragment(instanceLocation);
  const found = getValueAtPath(data, path);
  const pointer = toPointer(["data", ...path]);
  if (keyword === "required") {
    const name = QUOTED.exec(error)?.[1] ?? "";
    const known = new Set(listSiblingProperties(schema, keywordLocation));
    // An undeclared key whose name is close to the missing one is probably a typo.
    const misspelledKey = findNearest(
      name,
      Object.keys(found ?? {}).filter((key) => !known.has(key)),
    );
    return {
      pointer: toPointer(["data", ...path, name]),
      message: `is required${misspelledKey === undefined ? "" : `, but the data has "${misspelledKey}"; did you mean "${name}"?`}`,
    };
  }
  if (keyword === "false") {
    if (previous?.keyword !== "additionalProperties" && previous?.keyword !== "unevaluatedProperties")
      return { pointer, message: "is not allowed" };
    const near = findNearest(path.at(-1) ?? "", listSiblingProperties(schema, previous.keywordLocation));
    return { pointer, message: `is not a known property${near === undefined ? "" : `; did you mean "${near}"?`}` };
  }
  const detail: ErrorDetail = {
    pointer,
    message: describeViolation(validation, keyword, keywordLocation, found, error),
  };
  if (found !== undefined && typeof found !== "object") detail.value = found;
  return detail;
}

function createUnusableSchemaError(workflow: string, error: unknown): KnockError {
  // If a reference is unresolved, the validator's message continues with a list of all known schemas.
  const [first = ""] = getErrorMessage(error).split(/\n| Absolute URI /);
  const reason = error instanceof RangeError ? "its references form an infinite loop" : first.trimEnd();
  return new KnockError(
    "workflow_invalid",
    `workflow "${workflow}": trigger_data_json_schema cannot be used: ${reason}`,
    {
      details: [{ pointer: "/trigger_data_json_schema", message: reason }],
      hint: `Fix the schema in workflows/${workflow}/workflow.json.`,
      cause: error,
    },
  );
}

/**
 * Returns the error about data that could not be checked in time. Such data is rejected like data that does not match.
 */
function createTimeoutError(workflow: string, error: PatternTimeoutError | TimeLimitExceeded): KnockError {
  const [pointer, message] =
    error instanceof PatternTimeoutError
      ? [`/data${error.pointer}`, `could not be checked in time against the pattern ${error.pattern}`]
      : ["/data", `could not be checked within ${error.limitMs / 1_000} s`];
  return new KnockError("invalid_params", `the data of workflow "${workflow}": ${formatPointer(pointer)} ${message}`, {
    details: [{ pointer, message }],
    hint:
      error instanceof PatternTimeoutError
        ? "Remove nested repetitions from the pattern, or the lookaround and backreferences that make them slow."
        : "Send less data, or simplify the workflow's trigger_data_json_schema.",
    cause: error,
  });
}

/** Returns the violations of a value that does not match, with pointers below `/data`. */
function describeViolations(validation: ValidationResult, value: Json): [ErrorDetail, ...ErrorDetail[]] {
  const details = new Map<string, ErrorDetail>();
  for (const [index, finding] of validation.violations.entries()) {
    const detail = toErrorDetail(validation, value, finding, validation.violations[index - 1]);
    if (detail !== null && !details.has(detail.pointer + detail.message))
      details.set(detail.pointer + detail.message, detail);
  }
  const [first = { pointer: "/data", message: "does not match the schema" }, ...rest] = details.values();
  return [first, ...rest];
}

/**
 * Returns the violations of a value that does not match a schema of a project file, with pointers below `/data`. A check that
 * exceeds its time limit is a violation.
 */
export function findViolations(schema: JsonObject, value: Json): ErrorDetail[] {
  try {
    const validation = validateJson(schema, value);
    return validation.valid ? [] : describeViolations(validation, value);
  } catch (error) {
    if (error instanceof PatternTimeoutError || error instanceof TimeLimitExceeded)
      return [{ pointer: "/data", message: "could not be checked in time" }];
    throw error;
  }
}

/**
 * Checks a trigger's `data` against the workflow's `trigger_data_json_schema` (JSON Schema 2020-12, 2019-09, 7, 6 or
 * 4). Formats are asserted. Throws `invalid_params` with one pointer per violation, below `/data`, and
 * `workflow_invalid` if the schema cannot be used (E-030, E-031).
 */
export function checkTriggerData(
  workflow: { key: string; trigger_data_json_schema: JsonObject | null },
  data: JsonObject,
): void {
  const schema = workflow.trigger_data_json_schema;
  if (schema === null) return;
  let validation: ValidationResult;
  try {
    validation = validateJson(schema, data);
    if (validation.valid) return;
  } catch (error) {
    if (error instanceof PatternTimeoutError || error instanceof TimeLimitExceeded)
      throw createTimeoutError(workflow.key, error);
    if (!(error instanceof URIError)) throw createUnusableSchemaError(workflow.key, error);
    throw new KnockError("invalid_params", "the data has a key that is not valid Unicode: half of a surrogate pair", {
      details: [{ pointer: "/data", message: "has a key that is not valid Unicode" }],
    });
  }
  const details = describeViolations(validation, data);
  const [first, ...rest] = details;
  const isAccepted = (name: string, value: Json): boolean =>
    !findViolations(schema, { ...data, [name]: value }).some(({ pointer }) => pointer === toPointer(["data", name]));
  throw new KnockError(
    "invalid_params",
    `the data does not fit workflow "${workflow.key}": ${formatPointer(first.pointer)} ${first.message}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details, hint: suggestRenaming(data, details, isAccepted) ?? buildHint(schema, details) },
  );
}

const MAX_FLAGS_IN_HINT = 3;

/**
 * Returns a hint with the flags that set missing properties: `:=` for types other than text. Only names that are valid in the path of `--set` are
 * listed.
 */
function buildHint(schema: JsonObject, details: readonly ErrorDetail[]): string {
  const missing = details
    .filter(({ message }) => message === "is required")
    .map(({ pointer }) => pointer.split("/").slice(2))
    .filter((path) => path.length > 0 && path.every((part) => /^[A-Za-z_][\w-]*$/.test(part)));
  const typed = missing.slice(0, MAX_FLAGS_IN_HINT).map((path) => {
    const type = getValueAtPath(schema, [...path.flatMap((part) => ["properties", part]), "type"]);
    return { path, type: typeof type === "string" ? type : null };
  });
  const flags = typed.map(
    ({ path, type }) => `--set ${path.join(".")}${type === null || type === "string" ? "=" : ":="}…`,
  );
  const alternative = typed.some(({ type }) => type === null) ? " (or :=… for JSON)" : "";
  const flagHint = flags.length === 0 ? "" : `Add ${flags.join(" ")}${alternative} to set the missing data. `;
  return `${flagHint}The workflow's trigger_data_json_schema describes the valid data.`;
}

/** Returns whether a value matches a schema of a project file. */
export const matchesSchema = (schema: JsonObject, value: Json): boolean => findViolations(schema, value).length === 0;
