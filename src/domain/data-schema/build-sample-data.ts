import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { matchesSchema } from "./check-trigger-data.js";

/** Sample text by the format that a JSON Schema names. */
const TEXT_BY_FORMAT: Readonly<Record<string, string>> = {
  email: "zoe@example.com",
  uri: "https://example.com",
  date: "2030-06-04",
  time: "18:00:00Z",
  "date-time": "2030-06-04T18:00:00Z",
  uuid: "5f1d3c9a-6f0e-4b7b-9c53-3a4d2d1c7e10",
};

/** Returns a value for a schema. It may not match the schema, because only simple keywords are read. */
function buildValue(schema: unknown): Json {
  if (!isJsonObject(schema)) return "example";
  const listed = [schema.examples, schema.enum].find((values) => Array.isArray(values) && values.length > 0);
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(listed)) return listed[0] as Json;
  const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "integer" || type === "number") return typeof schema.minimum === "number" ? schema.minimum : 1;
  if (type === "boolean") return true;
  if (type === "null") return null;
  if (type === "array") return typeof schema.minItems === "number" ? [buildValue(schema.items)] : [];
  if (type === "object") return buildRequired(schema);
  return (typeof schema.format === "string" ? TEXT_BY_FORMAT[schema.format] : undefined) ?? "example";
}

/** Returns an object with the properties that a schema requires. */
function buildRequired({ required, properties }: JsonObject): JsonObject {
  const declared = isJsonObject(properties) ? properties : {};
  const names = Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
  return Object.fromEntries(names.map((name) => [name, buildValue(declared[name])]));
}

/**
 * Returns data that matches a `trigger_data_json_schema`: the required properties, or the first property if none is
 * required. Returns null if no matching data was found.
 */
export function buildSampleData(schema: JsonObject | null): JsonObject | null {
  if (schema === null) return {};
  const required = buildRequired(schema);
  const [first] = Object.entries(isJsonObject(schema.properties) ? schema.properties : {});
  const optional = first === undefined ? {} : { [first[0]]: buildValue(first[1]) };
  const data = Object.keys(required).length > 0 ? required : optional;
  return [data, required].find((candidate) => matchesSchema(schema, candidate)) ?? null;
}
