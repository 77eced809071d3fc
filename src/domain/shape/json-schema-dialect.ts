import type { SchemaDraft } from "@cfworker/json-schema";
import type { JsonObject } from "../../util/json.js";
import { walkSchemas } from "./json-schema-keywords.js";

/** The drafts by the URI that names them in `$schema`, without the trailing `#`. */
const DRAFTS: Readonly<Record<string, SchemaDraft>> = {
  "json-schema.org/draft-04/schema": "4",
  "json-schema.org/draft-06/schema": "7",
  "json-schema.org/draft-07/schema": "7",
  "json-schema.org/draft/2019-09/schema": "2019-09",
  "json-schema.org/draft/2020-12/schema": "2020-12",
  "json-schema.org/schema": "2020-12",
};

/** The draft that a `$schema` names; undefined for one that is unsupported. */
export function findDraft(uri: string): SchemaDraft | undefined {
  const name = uri.replace(/^https?:\/\//, "").replace(/#$/, "");
  return Object.hasOwn(DRAFTS, name) ? DRAFTS[name] : undefined;
}

/** The draft of a schema; without `$schema` the newest, which the service documents. */
export function getDraft(schema: JsonObject): SchemaDraft {
  return (typeof schema.$schema === "string" ? findDraft(schema.$schema) : undefined) ?? "2020-12";
}

/** Whether `$ref` hides the keywords beside it, as it does before 2019-09. */
export const isRefExclusive = (draft: SchemaDraft): boolean => draft === "4" || draft === "7";

/** In a schema of one resource every dynamic anchor is unique, so that a dynamic reference is a plain one. */
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
 * Rewrites what the validator reads differently than the standard: a dynamic reference within one resource, and an id
 * beside `$ref` before 2019-09. Returns the schema itself if there is nothing to rewrite.
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
