import type { SchemaDraft } from "@cfworker/json-schema";
import type { JsonObject } from "../../util/json.js";
import { walkSchemas } from "./json-schema-keywords.js";

/** The supported drafts by the URI in `$schema`, without the scheme and the trailing `#`. */
const DRAFTS: Readonly<Record<string, SchemaDraft>> = {
  "json-schema.org/draft-04/schema": "4",
  "json-schema.org/draft-06/schema": "7",
  "json-schema.org/draft-07/schema": "7",
  "json-schema.org/draft/2019-09/schema": "2019-09",
  "json-schema.org/draft/2020-12/schema": "2020-12",
  "json-schema.org/schema": "2020-12",
};

/** Returns the draft that a `$schema` URI names, or undefined if it is unsupported. */
export function findDraft(uri: string): SchemaDraft | undefined {
  const name = uri.replace(/^https?:\/\//, "").replace(/#$/, "");
  return Object.hasOwn(DRAFTS, name) ? DRAFTS[name] : undefined;
}

/** Returns the draft of a schema. Without `$schema` it is 2020-12, the draft that the service documents. */
export function getDraft(schema: JsonObject): SchemaDraft {
  return (typeof schema.$schema === "string" ? findDraft(schema.$schema) : undefined) ?? "2020-12";
}

/** Returns whether `$ref` hides the keywords next to it, as it does in drafts before 2019-09. */
export const isRefExclusive = (draft: SchemaDraft): boolean => draft === "4" || draft === "7";

/**
 * Replaces dynamic anchors and references by plain ones. In a schema with one resource all dynamic anchors are unique,
 * so that both mean the same.
 */
function replaceDynamicReferences(part: JsonObject): void {
  const { $dynamicRef, $dynamicAnchor } = part;
  if (typeof $dynamicAnchor === "string") {
    delete part.$dynamicAnchor;
    part.$anchor = $dynamicAnchor;
  }
  if (typeof $dynamicRef !== "string") return;
  delete part.$dynamicRef;
  if (part.$ref === undefined) part.$ref = $dynamicRef;
  else part.allOf = [...(Array.isArray(part.allOf) ? part.allOf : []), { $ref: $dynamicRef }];
}

/**
 * Rewrites the parts of a schema that the validator interprets differently than the standard: dynamic references within
 * one resource, and an ID next to `$ref` before 2019-09. Returns the schema itself if nothing has to be rewritten.
 */
export function normalizeSchema(schema: JsonObject): JsonObject {
  const isExclusive = isRefExclusive(getDraft(schema));
  const isRewritten = (part: JsonObject): boolean =>
    part.$dynamicRef !== undefined ||
    part.$dynamicAnchor !== undefined ||
    (isExclusive && part.$ref !== undefined && (part.$id ?? part.id) !== undefined);
  if (![...walkSchemas(schema)].some(([, part]) => isRewritten(part))) return schema;
  const copy = structuredClone(schema);
  for (const [, part] of walkSchemas(copy)) {
    replaceDynamicReferences(part);
    if (!isExclusive || part.$ref === undefined) continue;
    delete part.$id;
    delete part.id;
  }
  return copy;
}
