import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Properties that lists, texts and maps have in Liquid. */
export const BUILT_IN_PROPERTIES = ["size", "first", "last"];

/** Keywords that can add properties to those that a schema lists. */
const EXTENDING_KEYWORDS = "$ref $dynamicRef anyOf oneOf allOf if dependentSchemas patternProperties".split(" ");

/** Returns whether keywords other than `properties` and `items` can decide which values a schema allows. */
export const isExtended = (schema: JsonObject): boolean => EXTENDING_KEYWORDS.some((word) => word in schema);

/** Returns the declared properties of the data of triggers; null if the schema allows others. */
export function listDeclaredProperties(schema: JsonObject | null): string[] | null {
  if (schema === null || !isJsonObject(schema.properties) || isExtended(schema)) return null;
  const { additionalProperties = false } = schema;
  return additionalProperties === false ? Object.keys(schema.properties) : null;
}

/** A key of a path that the schema of its value does not declare. */
interface UndeclaredKey {
  /** The index of the key in the path. */
  index: number;
  /** The properties that the schema declares there. */
  declared: string[];
}

/** Returns the first key of a path in the data that the schema does not declare; null if the schema may allow all of them. */
export function findUndeclaredKey(schema: JsonObject | null, path: readonly PropertyKey[]): UndeclaredKey | null {
  let value: Json | undefined = schema;
  for (const [index, key] of path.entries()) {
    if (!isJsonObject(value)) return null;
    if (typeof key === "number") {
      value = isExtended(value) ? undefined : value.items;
      continue;
    }
    const name = String(key);
    const declared = listDeclaredProperties(value);
    // Below the first level, an object without any property is one with unknown properties.
    if (declared === null || (index > 0 && (declared.length === 0 || BUILT_IN_PROPERTIES.includes(name)))) return null;
    if (!declared.includes(name)) return { index, declared };
    value = (value.properties as JsonObject)[name];
  }
  return null;
}
