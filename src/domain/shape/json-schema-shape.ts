import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { Complain } from "./complain.js";
import { LIST_KEYWORDS, MAP_KEYWORDS, SCHEMA_KEYWORDS } from "./json-schema-keywords.js";
import { checkReferences } from "./json-schema-references.js";
import { either, flag, list, number, object, oneOf, optional, type Shape, text } from "./shape.js";

const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"] as const;

/** In UTF-16 units. Longer patterns are lists of words, which `enum` checks faster. */
const MAX_PATTERN_LENGTH = 2_000;

const pattern: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  if (value.length > MAX_PATTERN_LENGTH) {
    complain(path, `must be at most ${MAX_PATTERN_LENGTH} characters, found ${value.length}`);
    return false;
  }
  try {
    new RegExp(value, "u");
    return true;
  } catch {
    complain(path, `must be a regular expression, found ${JSON.stringify(value)}`);
    return false;
  }
};

/** Keywords with values of their own. Others are the schema's business: unknown ones are ignored, as the standard says. */
const keywords = object({
  $ref: optional(text),
  type: optional((value, path, complain): value is unknown =>
    Array.isArray(value) ? list(oneOf(TYPES))(value, path, complain) : oneOf(TYPES)(value, path, complain),
  ),
  required: optional(list(text)),
  format: optional(text),
  pattern: optional(pattern),
  minLength: optional(number),
  maxLength: optional(number),
  minItems: optional(number),
  maxItems: optional(number),
  minProperties: optional(number),
  maxProperties: optional(number),
  minimum: optional(number),
  maximum: optional(number),
  // Draft 4 has switches where later drafts have bounds.
  exclusiveMinimum: optional(either("a number", number, flag)),
  exclusiveMaximum: optional(either("a number", number, flag)),
  multipleOf: optional(number),
  uniqueItems: optional(flag),
});

const mapOf: Shape<JsonObject> = (value, path, complain): value is JsonObject => {
  if (isJsonObject(value)) {
    for (const [key, child] of Object.entries(value)) checkSchema(child, [...path, key], complain);
    return true;
  }
  complain(path, "must be an object of schemas");
  return false;
};

const listOf: Shape<unknown[]> = (value, path, complain): value is unknown[] => {
  if (Array.isArray(value) && value.length > 0) {
    for (const [index, child] of value.entries()) checkSchema(child, [...path, index], complain);
    return true;
  }
  complain(path, "must be a list of at least one schema");
  return false;
};

/**
 * A JSON Schema as a workflow's file may hold one: complains of what a validator would ignore or hold against the data,
 * such as a type that does not exist. The nesting must have been checked before: this is recursive.
 */
function checkSchema(value: unknown, path: PropertyKey[], complain: Complain): void {
  if (typeof value === "boolean") return;
  if (!isJsonObject(value)) {
    complain(path, "must be a schema: an object, true or false");
    return;
  }
  keywords(value, path, complain);
  const has = (keyword: string): boolean => Object.hasOwn(value, keyword);
  if (has("enum") && !Array.isArray(value.enum)) complain([...path, "enum"], "must be a list of values");
  // A list of schemas before 2020-12, empty too; one schema for every item since.
  const items = Array.isArray(value.items) ? value.items.map((item, index) => [item, index] as const) : [];
  for (const [item, index] of items) checkSchema(item, [...path, "items", index], complain);
  if (has("items") && !Array.isArray(value.items)) checkSchema(value.items, [...path, "items"], complain);
  for (const keyword of SCHEMA_KEYWORDS) if (has(keyword)) checkSchema(value[keyword], [...path, keyword], complain);
  for (const keyword of LIST_KEYWORDS) if (has(keyword)) listOf(value[keyword], [...path, keyword], complain);
  if (isJsonObject(value.patternProperties))
    for (const key of Object.keys(value.patternProperties)) pattern(key, [...path, "patternProperties", key], complain);
  for (const keyword of MAP_KEYWORDS) if (has(keyword)) mapOf(value[keyword], [...path, keyword], complain);
}

/** `trigger_data_json_schema` (section 4 of the format). */
export const jsonSchemaShape: Shape<JsonObject> = (value, path, complain): value is JsonObject => {
  let ok = true;
  const listen: Complain = (at, message) => {
    ok = false;
    complain(at, message);
  };
  if (isJsonObject(value)) checkSchema(value, path, listen);
  else listen(path, "must be an object");
  if (ok) checkReferences(value as JsonObject, path, listen);
  return ok;
};
