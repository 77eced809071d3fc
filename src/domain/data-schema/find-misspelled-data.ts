import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

/**
 * Returns a text for each key of trigger data that a schema permits without declaring it, if a declared property with a similar
 * name is missing. `path` names the data.
 */
export function findMisspelledData(schema: unknown, data: JsonObject, path = "data"): string[] {
  if (!isJsonObject(schema) || !isJsonObject(schema.properties) || schema.patternProperties !== undefined) return [];
  const { properties } = schema;
  return Object.entries(data).flatMap(([key, value]) => {
    if (Object.hasOwn(properties, key))
      return isJsonObject(value) ? findMisspelledData(properties[key], value, `${path}.${key}`) : [];
    const missing = Object.keys(properties).filter((name) => !Object.hasOwn(data, name));
    const near = findNearest(key, missing);
    return near === undefined ? [] : [`${path}.${key} is not in trigger_data_json_schema; did you mean "${near}"?`];
  });
}
