import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { checkSchemaReferences } from "../data-schema/check-schema-references.js";
import { LIST_KEYWORDS, MAP_KEYWORDS, SCHEMA_KEYWORDS } from "../data-schema/json-schema-keywords.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { checkDocument } from "./check-document.js";
import { checkedString, optional, typeUnion } from "./fields.js";
import { variant } from "./variant.js";

const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"] as const;

/** Limits a pattern, in UTF-16 code units. Longer patterns are lists of words, which `enum` checks faster. */
export const MAX_PATTERN_LENGTH = 2_000;

function describeInvalidPattern(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `must be at most ${MAX_PATTERN_LENGTH} characters, found ${pattern.length}`;
  try {
    new RegExp(pattern, "u");
    return null;
  } catch {
    return `must be a regular expression, found ${JSON.stringify(pattern)}`;
  }
}

/**
 * Returns the schema of the keywords whose values are not schemas. Other keywords are ignored, as the standard
 * requires.
 */
const keywordsSchema = once(() => {
  const [text, number, flag] = [optional(z.string()), optional(z.number()), optional(z.boolean())];
  const [singleType, typeList] = [z.enum(TYPES), z.array(z.enum(TYPES))];
  // In draft 4 these keywords are booleans, in later drafts numbers.
  const bound = optional(typeUnion("a number", [z.number(), z.boolean()]));
  return z.looseObject({
    $ref: text,
    type: optional(
      variant({
        choose: (type) => (Array.isArray(type) ? typeList : singleType),
        members: () => [singleType, typeList],
      }),
    ),
    required: optional(z.array(z.string())),
    format: text,
    pattern: optional(checkedString(describeInvalidPattern)),
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

function checkSchemaMap(value: unknown, path: PropertyKey[], report: ReportFinding): void {
  if (!isJsonObject(value)) return report(path, "must be an object of schemas");
  for (const [key, child] of Object.entries(value)) checkSchema(child, [...path, key], report);
}

function checkSchemaList(value: unknown, path: PropertyKey[], report: ReportFinding): void {
  if (!Array.isArray(value) || value.length === 0) return report(path, "must be a list of at least one schema");
  for (const [index, child] of value.entries()) checkSchema(child, [...path, index], report);
}

/** Checks a schema and all schemas inside it. It is recursive, so the nesting must have been checked before. */
function checkSchema(value: unknown, path: PropertyKey[], report: ReportFinding): void {
  if (typeof value === "boolean") return;
  if (!isJsonObject(value)) return report(path, "must be a schema: an object, true or false");
  checkDocument(keywordsSchema(), value, (below, message) => report([...path, ...below], message));
  const hasKeyword = (keyword: string): boolean => Object.hasOwn(value, keyword);
  if (hasKeyword("enum") && !Array.isArray(value.enum)) report([...path, "enum"], "must be a list of values");
  // Before 2020-12, `items` may be a list of schemas, which may be empty. Since then it is one schema.
  const items = Array.isArray(value.items) ? value.items.map((item, index) => [item, index] as const) : [];
  for (const [item, index] of items) checkSchema(item, [...path, "items", index], report);
  if (hasKeyword("items") && !Array.isArray(value.items)) checkSchema(value.items, [...path, "items"], report);
  for (const keyword of SCHEMA_KEYWORDS)
    if (hasKeyword(keyword)) checkSchema(value[keyword], [...path, keyword], report);
  for (const keyword of LIST_KEYWORDS)
    if (hasKeyword(keyword)) checkSchemaList(value[keyword], [...path, keyword], report);
  for (const pattern of isJsonObject(value.patternProperties) ? Object.keys(value.patternProperties) : []) {
    const message = describeInvalidPattern(pattern);
    if (message !== null) report([...path, "patternProperties", pattern], message);
  }
  for (const keyword of MAP_KEYWORDS)
    if (hasKeyword(keyword)) checkSchemaMap(value[keyword], [...path, keyword], report);
}

/**
 * Checks a JSON Schema in a document, such as `trigger_data_json_schema` (section 4 of the format). Reports keywords
 * that a validator would ignore or that no data could match, such as a type that does not exist.
 */
export function checkJsonSchema(value: unknown, path: PropertyKey[], report: ReportFinding): void {
  if (!isJsonObject(value)) return report(path, "must be an object");
  let isValid = true;
  checkSchema(value, path, (at, message) => {
    isValid = false;
    report(at, message);
  });
  if (isValid) checkSchemaReferences(value, path, report);
}
