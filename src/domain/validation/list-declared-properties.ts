import { isJsonObject, type JsonObject } from "../../util/json.js";

/** Returns the declared properties of the data of triggers; null if the schema allows others. */
export function listDeclaredProperties(schema: JsonObject | null): string[] | null {
  if (schema === null || !isJsonObject(schema.properties)) return null;
  if (["$ref", "anyOf", "oneOf", "allOf", "patternProperties"].some((word) => word in schema)) return null;
  return schema.additionalProperties === true ? null : Object.keys(schema.properties);
}
