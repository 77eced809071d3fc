import { type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import { type ErrorDetail, KnockError, messageOf } from "../errors/knock-error.js";
import { type JsonObject, valueAt } from "../util/json.js";
import { nearest } from "../util/nearest.js";
import { placeOf } from "./place.js";

/** The draft a schema names in `$schema`; without one, the newest that the service documents. */
function draftOf(schema: JsonObject): SchemaDraft {
  const name = typeof schema.$schema === "string" ? schema.$schema : "";
  if (name.includes("draft-04")) return "4";
  if (name.includes("draft-06") || name.includes("draft-07")) return "7";
  if (name.includes("2019-09")) return "2019-09";
  return "2020-12";
}

/** Keywords that only say that something deeper is wrong: the deeper finding is the one to show. */
const WRAPPERS = new Set([
  "properties",
  "items",
  "prefixItems",
  "additionalItems",
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

function schemaAt(schema: JsonObject, keywordLocation: string): unknown {
  return valueAt(schema, segmentsOf(keywordLocation));
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** "must be string, found 7": the finding in the words of the other errors, with what the schema wanted. */
function sentence(
  schema: JsonObject,
  keyword: string,
  keywordLocation: string,
  found: unknown,
  fallback: string,
): string {
  const wanted = schemaAt(schema, keywordLocation);
  if (wanted === undefined) return fallback.replace(/\.$/, ""); // behind a $ref: the location is not a path in the schema
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
      return `must match ${String(wanted)}, found ${show(found)}`;
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

/**
 * Checks a trigger's `data` against the workflow's `trigger_data_json_schema` (JSON Schema 2020-12, 2019-09, 7 or 4;
 * formats asserted) (E-030, E-031). Throws `invalid_params` with a pointer per finding below `/data`.
 */
export function checkTriggerData(
  workflow: { key: string; trigger_data_json_schema: JsonObject | null },
  data: JsonObject,
): void {
  const schema = workflow.trigger_data_json_schema;
  if (schema === null) return;
  let result: ReturnType<Validator["validate"]>;
  try {
    result = new Validator(schema as Schema, draftOf(schema), false).validate(data);
  } catch (error) {
    throw new KnockError(
      "workflow_invalid",
      `workflow "${workflow.key}": trigger_data_json_schema cannot be used: ${messageOf(error)}`,
      {
        details: [{ pointer: "/trigger_data_json_schema", message: messageOf(error) }],
        hint: `Mend the schema in workflows/${workflow.key}/workflow.json.`,
        cause: error,
      },
    );
  }
  if (result.valid) return;
  const details: ErrorDetail[] = [];
  const seen = new Set<string>();
  for (const { keyword, keywordLocation, instanceLocation, error } of result.errors) {
    if (WRAPPERS.has(keyword) || keyword === "false") continue;
    const path = segmentsOf(instanceLocation);
    const found = valueAt(data, path);
    let pointer = `/data${instanceLocation.replace(/^#/, "")}`;
    let message: string;
    if (keyword === "required") {
      const name = /"([^"]+)"/.exec(error)?.[1] ?? "";
      const parent = schemaAt(schema, keywordLocation.replace(/\/required$/, "/properties"));
      const known = new Set(Object.keys((parent as JsonObject | undefined) ?? {}));
      // A key that is there but unknown to the schema, and nearly the missing one, is the likely slip.
      const slip = nearest(
        name,
        Object.keys((found as JsonObject | undefined) ?? {}).filter((key) => !known.has(key)),
      );
      pointer = `${pointer}/${name}`;
      message = `is required${slip === undefined ? "" : `; did you mean "${name}" where the data has "${slip}"?`}`;
    } else if (keyword === "additionalProperties" || keyword === "unevaluatedProperties") {
      const parent = schemaAt(schema, keywordLocation.replace(/\/[^/]+$/, "/properties"));
      const name = /"([^"]+)"/.exec(error)?.[1];
      const near =
        name === undefined ? undefined : nearest(name, Object.keys((parent as JsonObject | undefined) ?? {}));
      if (name !== undefined) pointer = `${pointer}/${name}`;
      message = `is not a known property${near === undefined ? "" : `; did you mean "${near}"?`}`;
    } else {
      message = sentence(schema, keyword, keywordLocation, found, error);
    }
    if (seen.has(pointer + message)) continue;
    seen.add(pointer + message);
    const detail: ErrorDetail = { pointer, message };
    if (found !== undefined && typeof found !== "object") detail.value = found;
    details.push(detail);
  }
  if (details.length === 0) details.push({ pointer: "/data", message: "does not match the schema" });
  const [first, ...rest] = details as [ErrorDetail, ...ErrorDetail[]];
  throw new KnockError(
    "invalid_params",
    `the data does not fit workflow "${workflow.key}": ${placeOf(first.pointer)} ${first.message}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details, hint: "The workflow's trigger_data_json_schema says what it takes." },
  );
}
