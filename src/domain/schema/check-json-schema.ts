import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { Complain } from "../shape/complain.js";
import { LIST_KEYWORDS, MAP_KEYWORDS, SCHEMA_KEYWORDS } from "../shape/json-schema-keywords.js";
import { checkReferences } from "../shape/json-schema-references.js";
import { checkDocument } from "./check-document.js";
import { eitherOf, optional, textWith } from "./fields.js";
import { variant } from "./variant.js";

const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"] as const;

/** In UTF-16 units. Longer patterns are lists of words, which `enum` checks faster. */
const MAX_PATTERN_LENGTH = 2_000;

function patternFault(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `must be at most ${MAX_PATTERN_LENGTH} characters, found ${pattern.length}`;
  try {
    new RegExp(pattern, "u");
    return null;
  } catch {
    return `must be a regular expression, found ${JSON.stringify(pattern)}`;
  }
}

/** Keywords with values of their own. Others are the schema's business: unknown ones are ignored, as the standard says. */
const keywords = once(() => {
  const [text, number, flag] = [optional(z.string()), optional(z.number()), optional(z.boolean())];
  const [one, several] = [z.enum(TYPES), z.array(z.enum(TYPES))];
  // Draft 4 has switches where later drafts have bounds.
  const bound = optional(eitherOf("a number", [z.number(), z.boolean()]));
  return z.looseObject({
    $ref: text,
    type: optional(variant({ choose: (type) => (Array.isArray(type) ? several : one), members: () => [one, several] })),
    required: optional(z.array(z.string())),
    format: text,
    pattern: optional(textWith(patternFault)),
    minLength: number,
    maxLength: number,
    minItems: number,
    maxItems: number,
    minProperties: number,
    maxProperties: number,
    minimum: number,
    maximum: number,
    exclusiveMinimum: bound,
    exclusiveMaximum: bound,
    multipleOf: number,
    uniqueItems: flag,
  });
});

function checkMap(value: unknown, path: PropertyKey[], fault: Complain): void {
  if (!isJsonObject(value)) return fault(path, "must be an object of schemas");
  for (const [key, child] of Object.entries(value)) checkSchema(child, [...path, key], fault);
}

function checkList(value: unknown, path: PropertyKey[], fault: Complain): void {
  if (!Array.isArray(value) || value.length === 0) return fault(path, "must be a list of at least one schema");
  for (const [index, child] of value.entries()) checkSchema(child, [...path, index], fault);
}

/** Checks a schema and those inside it. The nesting must have been checked before: this is recursive. */
function checkSchema(value: unknown, path: PropertyKey[], fault: Complain): void {
  if (typeof value === "boolean") return;
  if (!isJsonObject(value)) return fault(path, "must be a schema: an object, true or false");
  checkDocument(keywords(), value, (below, message) => fault([...path, ...below], message));
  const has = (keyword: string): boolean => Object.hasOwn(value, keyword);
  if (has("enum") && !Array.isArray(value.enum)) fault([...path, "enum"], "must be a list of values");
  // A list of schemas before 2020-12, empty too; one schema for every item since.
  const items = Array.isArray(value.items) ? value.items.map((item, index) => [item, index] as const) : [];
  for (const [item, index] of items) checkSchema(item, [...path, "items", index], fault);
  if (has("items") && !Array.isArray(value.items)) checkSchema(value.items, [...path, "items"], fault);
  for (const keyword of SCHEMA_KEYWORDS) if (has(keyword)) checkSchema(value[keyword], [...path, keyword], fault);
  for (const keyword of LIST_KEYWORDS) if (has(keyword)) checkList(value[keyword], [...path, keyword], fault);
  for (const pattern of isJsonObject(value.patternProperties) ? Object.keys(value.patternProperties) : []) {
    const message = patternFault(pattern);
    if (message !== null) fault([...path, "patternProperties", pattern], message);
  }
  for (const keyword of MAP_KEYWORDS) if (has(keyword)) checkMap(value[keyword], [...path, keyword], fault);
}

/**
 * Checks a JSON Schema in a document, such as `trigger_data_json_schema` (section 4 of the format). Reports what a validator
 * would ignore or hold against the data, such as a type that does not exist.
 */
export function checkJsonSchema(value: unknown, path: PropertyKey[], fault: Complain): void {
  if (!isJsonObject(value)) return fault(path, "must be an object");
  let isValid = true;
  checkSchema(value, path, (at, message) => {
    isValid = false;
    fault(at, message);
  });
  if (isValid) checkReferences(value, path, fault);
}
