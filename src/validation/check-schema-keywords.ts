import {
  LIST_KEYWORDS,
  MAP_KEYWORDS,
  SCHEMA_KEYWORDS,
  walkSchemas,
} from "../domain/data-schema/json-schema-keywords.js";
import { describeUnknownKey } from "../domain/findings/describe-finding.js";
import { checkJsonSchema } from "../domain/schema/check-json-schema.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import { findNearest, findOnlyNearest } from "../util/find-nearest.js";
import type { JsonObject } from "../util/json.js";

/** The keywords of all drafts that are long enough to be recognized when they are misspelled. */
const KEYWORDS: readonly string[] = [
  ...SCHEMA_KEYWORDS,
  ...LIST_KEYWORDS,
  ...MAP_KEYWORDS,
  ..."$schema $ref $anchor $dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor $vocabulary $comment".split(" "),
  ..."type enum const items dependencies dependentRequired required format pattern minLength maxLength".split(" "),
  ..."minItems maxItems uniqueItems minContains maxContains minProperties maxProperties multipleOf".split(" "),
  ..."minimum maximum exclusiveMinimum exclusiveMaximum contentEncoding contentMediaType contentSchema".split(" "),
  ..."title description default deprecated readOnly writeOnly examples".split(" "),
].filter((keyword) => keyword.length > 4 || ["type", "enum", "$ref"].includes(keyword));
/** Keywords that are too short: many other names are near them. */
const SHORT_KEYWORDS = ["$id", "id", "not", "if", "then", "else"];

function isValid(keyword: string, value: unknown): boolean {
  let isFit = true;
  checkJsonSchema({ [keyword]: value }, [], () => {
    isFit = false;
  });
  return isFit;
}

/**
 * Returns findings about misspelled keywords of a JSON Schema at a path. The standard allows other keywords, so only those that are
 * similar to a known one are reported.
 */
export function checkSchemaKeywords(root: JsonObject | null, at: string): CheckFinding[] {
  if (root === null) return [];
  return [...walkSchemas(root, [at])].flatMap(([path, schema]) => {
    const absent = KEYWORDS.filter((keyword) => !Object.hasOwn(schema, keyword));
    return Object.entries(schema).flatMap(([key, value]): CheckFinding[] => {
      if (KEYWORDS.includes(key) || SHORT_KEYWORDS.includes(key)) return [];
      const near = findNearest(key, absent, key.length < 7 ? 1 : 2);
      if (near === undefined) return [];
      const suggestedKey = findOnlyNearest(key, absent) === near && isValid(near, value) ? near : undefined;
      const message = describeUnknownKey(key, near);
      return [{ code: "unknown_key", path: [...path, key], message, ...(suggestedKey && { suggestedKey }) }];
    });
  });
}
