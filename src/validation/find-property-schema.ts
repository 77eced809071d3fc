import { getValueAtPath, isJsonObject, type JsonObject } from "../util/json.js";

/** Returns the schema of a property of the data, such as `data.order.total`, or null. */
export function findPropertySchema(path: string, schema: JsonObject | null): JsonObject | null {
  const parts = path.replace(/^data\./, "").split(".");
  const property = getValueAtPath(
    schema,
    parts.flatMap((part) => ["properties", part]),
  );
  return isJsonObject(property) ? property : null;
}
