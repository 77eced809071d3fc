import { type ErrorDetail, KnockError, messageOf } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, pointerOf, valueAt } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { TimeLimitExceeded } from "../../util/time-limit.js";
import { PatternTooSlow } from "./decide-patterns.js";
import { placeOf } from "./place.js";
import { type Finding, type Validation, validateJson } from "./validate-json.js";

/** Keywords that only say that something deeper is wrong: the deeper finding is the one to show. */
const WRAPPERS = new Set([
  "properties",
  "additionalProperties",
  "unevaluatedProperties",
  "items",
  "prefixItems",
  "additionalItems",
  "unevaluatedItems",
  "allOf",
  "$ref",
  "if",
  "then",
  "else",
  "patternProperties",
  "dependentSchemas",
]);

const plainSegment = (part: string): string => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");

/** A location such as `#/order/items/0` as path segments. */
function segmentsOf(location: string): string[] {
  return location.replace(/^#/, "").split("/").slice(1).map(plainSegment);
}

/** What stands at a keyword's location, which goes through references as they were followed. */
function schemaAt(schema: JsonObject, keywordLocation: string): unknown {
  let value: unknown = schema;
  for (const segment of segmentsOf(keywordLocation)) {
    value = valueAt(value, [segment]);
    if (segment === "$ref" && typeof value === "string")
      value = value.startsWith("#") ? valueAt(schema, segmentsOf(value)) : undefined;
  }
  return value;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** "must be string, found 7": the finding in the words of the other errors, with what the schema wanted. */
function sentence(
  { schema, patternOf }: Validation,
  keyword: string,
  keywordLocation: string,
  found: unknown,
  fallback: string,
): string {
  const wanted = schemaAt(schema, keywordLocation);
  if (wanted === undefined) return fallback.replace(/\.$/, ""); // behind a reference to an anchor or another document
  const wantedText = show(wanted).replaceAll('"', "");
  switch (keyword) {
    case "type":
      return `must be ${Array.isArray(wanted) ? wanted.join(" or ") : String(wanted)}, found ${show(found)}`;
    case "enum":
      return `must be one of ${show(wanted)}, found ${show(found)}`;
    case "const":
      return `must be ${show(wanted)}, found ${show(found)}`;
    case "format":
      return `must be a valid ${String(wanted)}, found ${show(found)}`;
    case "pattern":
      return `must match ${patternOf(String(wanted))}, found ${show(found)}`;
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
      return `does not keep to ${keyword} ${wantedText}, found ${show(found)}`;
    case "uniqueItems":
      return "must not hold the same item twice";
    default:
      return fallback.replace(/\.$/, "");
  }
}

/** Names in double quotes in the validator's messages; they may hold quotes themselves. */
const QUOTED = /"(.*)"/s;

const propertiesBeside = (schema: JsonObject, keywordLocation: string): string[] => {
  const properties = schemaAt(schema, keywordLocation.replace(/\/[^/]+$/, "/properties"));
  return isJsonObject(properties) ? Object.keys(properties) : [];
};

/** A finding as a detail; null for one that another says better. `before` is the finding it came with. */
function detailOf(validation: Validation, data: JsonObject, finding: Finding, before?: Finding): ErrorDetail | null {
  const { schema } = validation;
  const { keyword, keywordLocation, instanceLocation, error } = finding;
  // What a property's name breaks is told of the property names, not once more as if it were the value.
  if (WRAPPERS.has(keyword) || /(?<!\/properties)\/propertyNames\//.test(keywordLocation)) return null;
  const path = segmentsOf(instanceLocation);
  const found = valueAt(data, path);
  const pointer = pointerOf(["data", ...path]);
  if (keyword === "required") {
    const name = QUOTED.exec(error)?.[1] ?? "";
    const known = new Set(propertiesBeside(schema, keywordLocation));
    // A key that is there but unknown to the schema, and nearly the missing one, is the likely slip.
    const slip = nearest(
      name,
      Object.keys((found as JsonObject | undefined) ?? {}).filter((key) => !known.has(key)),
    );
    return {
      pointer: pointerOf(["data", ...path, name]),
      message: `is required${slip === undefined ? "" : `; did you mean "${name}" where the data has "${slip}"?`}`,
    };
  }
  if (keyword === "false") {
    if (before?.keyword !== "additionalProperties" && before?.keyword !== "unevaluatedProperties")
      return { pointer, message: "is not allowed" };
    const near = nearest(path.at(-1) ?? "", propertiesBeside(schema, before.keywordLocation));
    return { pointer, message: `is not a known property${near === undefined ? "" : `; did you mean "${near}"?`}` };
  }
  const detail: ErrorDetail = { pointer, message: sentence(validation, keyword, keywordLocation, found, error) };
  if (found !== undefined && typeof found !== "object") detail.value = found;
  return detail;
}

function unusable(workflow: string, error: unknown): KnockError {
  const [first = ""] = messageOf(error).split("\n"); // a list of every known schema follows an unresolved reference
  const why =
    error instanceof RangeError
      ? "it refers to itself without end"
      : (first.split(" Absolute URI ")[0] as string).trimEnd();
  return new KnockError("workflow_invalid", `workflow "${workflow}": trigger_data_json_schema cannot be used: ${why}`, {
    details: [{ pointer: "/trigger_data_json_schema", message: why }],
    hint: `Fix the schema in workflows/${workflow}/workflow.json.`,
    cause: error,
  });
}

/** For data that could not be checked in time, which is refused like data that does not match. */
function undecided(workflow: string, error: PatternTooSlow | TimeLimitExceeded): KnockError {
  const [pointer, message] =
    error instanceof PatternTooSlow
      ? [`/data${error.pointer}`, `could not be checked in time against the pattern ${error.pattern}`]
      : ["/data", `could not be checked within ${error.limitMs / 1_000} s`];
  return new KnockError("invalid_params", `the data of workflow "${workflow}": ${placeOf(pointer)} ${message}`, {
    details: [{ pointer, message }],
    hint:
      error instanceof PatternTooSlow
        ? "Remove nested repetitions from the pattern, or the lookaround and backreferences that make them slow."
        : "Send less data, or simplify the workflow's trigger_data_json_schema.",
    cause: error,
  });
}

/**
 * Checks a trigger's `data` against the workflow's `trigger_data_json_schema` (JSON Schema 2020-12, 2019-09, 7, 6 or 4;
 * formats are asserted) (E-030, E-031). Throws `invalid_params` with a pointer per finding below `/data`.
 */
export function checkTriggerData(
  workflow: { key: string; trigger_data_json_schema: JsonObject | null },
  data: JsonObject,
): void {
  const schema = workflow.trigger_data_json_schema;
  if (schema === null) return;
  let validation: Validation;
  try {
    validation = validateJson(schema, data);
    if (validation.valid) return;
  } catch (error) {
    if (error instanceof PatternTooSlow || error instanceof TimeLimitExceeded) throw undecided(workflow.key, error);
    if (!(error instanceof URIError)) throw unusable(workflow.key, error);
    throw new KnockError("invalid_params", "the data has a key that is not valid Unicode: half of a surrogate pair", {
      details: [{ pointer: "/data", message: "has a key that is not valid Unicode" }],
    });
  }
  const details: ErrorDetail[] = [];
  const seen = new Set<string>();
  for (const [index, finding] of validation.findings.entries()) {
    const detail = detailOf(validation, data, finding, validation.findings[index - 1]);
    if (detail === null || seen.has(detail.pointer + detail.message)) continue;
    seen.add(detail.pointer + detail.message);
    details.push(detail);
  }
  if (details.length === 0) details.push({ pointer: "/data", message: "does not match the schema" });
  const [first, ...rest] = details as [ErrorDetail, ...ErrorDetail[]];
  throw new KnockError(
    "invalid_params",
    `the data does not fit workflow "${workflow.key}": ${placeOf(first.pointer)} ${first.message}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details, hint: hintFor(details) },
  );
}

const MOST_SHOWN = 3;

/** How to give what is missing on the command line, where its name is one that can stand in a path. */
function hintFor(details: readonly ErrorDetail[]): string {
  const missing = details
    .filter(({ message }) => message === "is required")
    .map(({ pointer }) => pointer.split("/").slice(2))
    .filter((path) => path.length > 0 && path.every((part) => /^[A-Za-z_][\w-]*$/.test(part)));
  const flags = missing.slice(0, MOST_SHOWN).map((path) => `--set ${path.join(".")}=…`);
  const how = flags.length === 0 ? "" : `${flags.join(" ")} (or :=… for JSON) gives what is missing. `;
  return `${how}The workflow's trigger_data_json_schema says what it takes.`;
}

/** Whether a value matches a schema of a project's file; false also if that cannot be decided in time. */
export function fitsSchema(schema: JsonObject, value: Json): boolean {
  try {
    return validateJson(schema, value).valid;
  } catch (error) {
    if (error instanceof PatternTooSlow || error instanceof TimeLimitExceeded) return false;
    throw error;
  }
}
