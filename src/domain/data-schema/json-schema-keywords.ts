import { isJsonObject, isObject, type JsonObject } from "../../util/json.js";

/** Keywords whose value is a schema. */
export const SCHEMA_KEYWORDS = [
  "additionalProperties",
  "unevaluatedProperties",
  "propertyNames",
  "unevaluatedItems",
  "additionalItems",
  "contains",
  "not",
  "if",
  "then",
  "else",
] as const;
/** Keywords whose value is a list of schemas. */
export const LIST_KEYWORDS = ["allOf", "anyOf", "oneOf", "prefixItems"] as const;
/** Keywords whose value is an object with schemas as values. */
export const MAP_KEYWORDS = ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"] as const;

/** Yields the schemas directly inside a schema, each with its path. Boolean schemas are skipped. */
function* walkChildSchemas(schema: JsonObject): Generator<[path: string[], child: JsonObject]> {
  for (const [keyword, value] of Object.entries(schema)) {
    const isList = keyword === "items" || LIST_KEYWORDS.some((name) => name === keyword);
    const isMap = keyword === "dependencies" || MAP_KEYWORDS.some((name) => name === keyword);
    const isSchema = keyword === "items" || SCHEMA_KEYWORDS.some((name) => name === keyword);
    const parts = (Array.isArray(value) ? isList : isMap) && isObject(value) ? value : null;
    if (parts !== null) {
      for (const [key, child] of Object.entries(parts)) if (isJsonObject(child)) yield [[keyword, key], child];
    } else if (isSchema && isJsonObject(value)) yield [[keyword], value];
  }
}

/** Yields a schema and all schemas inside it, each with its path. */
export function* walkSchemas(schema: JsonObject, path: string[] = []): Generator<[path: string[], schema: JsonObject]> {
  yield [path, schema];
  for (const [inner, child] of walkChildSchemas(schema)) yield* walkSchemas(child, [...path, ...inner]);
}
