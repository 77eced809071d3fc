import { isObject, type Json, type JsonObject } from "./json.js";
import { textMatching } from "./pattern.js";

/** How a part of trigger data is put in. What the form has no inputs for is put in as JSON. */
export type Kind = "text" | "long text" | "number" | "boolean" | "choice" | "object" | "list" | "json";

/** Deeper than this a schema that refers to itself is not followed. */
const MAX_DEPTH = 6;
/** From this length on a text gets several lines. */
const LONG = 200;

function textIn(schema: JsonObject, name: string): string {
  const value = schema[name];
  return typeof value === "string" ? value : "";
}

/** The schema a reference within the document names, else the schema itself. */
export function resolved(schema: Json | undefined, root: JsonObject): JsonObject {
  let current = isObject(schema) ? schema : {};
  for (let steps = 0; steps < 10; steps++) {
    const reference = textIn(current, "$ref");
    if (!reference.startsWith("#/")) return current;
    let value: Json | undefined = root;
    for (const part of reference.slice(2).split("/")) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    current = isObject(value) ? value : {};
  }
  return {};
}

function typeOf(schema: JsonObject): string {
  const { type } = schema;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) {
    const named = type.filter((one) => one !== "null");
    return named.length === 1 ? String(named[0]) : "";
  }
  return isObject(schema.properties) ? "object" : "";
}

export function kindOf(schema: JsonObject, depth = 0): Kind {
  if (depth > MAX_DEPTH) return "json";
  if (Array.isArray(schema.enum) && schema.enum.every((one) => one === null || typeof one !== "object"))
    return "choice";
  switch (typeOf(schema)) {
    case "string":
      return Number(schema.maxLength ?? 0) > LONG ? "long text" : "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
      return isObject(schema.properties) && Object.keys(schema.properties).length > 0 ? "object" : "json";
    case "array":
      return isObject(schema.items) ? "list" : "json";
    default:
      return "json";
  }
}

export interface Property {
  name: string;
  schema: JsonObject;
  required: boolean;
}

export function propertiesOf(schema: JsonObject, root: JsonObject): Property[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties).map(([name, one]) => ({
    name,
    schema: resolved(one, root),
    required: required.includes(name),
  }));
}

const FORMATS: Record<string, string> = {
  "date-time": "2026-01-31T09:00:00Z",
  date: "2026-01-31",
  time: "09:00:00Z",
  email: "sam@example.com",
  uri: "https://example.com/",
  "uri-reference": "/sample",
  uuid: "3b241101-e2bb-4255-8caf-4136c566a962",
  hostname: "example.com",
  ipv4: "192.0.2.1",
};

function sampleText(schema: JsonObject, name: string): string {
  const known = FORMATS[textIn(schema, "format")];
  if (known !== undefined) return known;
  const matching = typeof schema.pattern === "string" ? textMatching(schema.pattern) : null;
  if (matching !== null) return matching;
  const id = /^(.*?)[_-]?id$/i.exec(name);
  if (id && !("minLength" in schema || "maxLength" in schema)) return `${id[1] || "sample"}-1`;
  const words = name.replaceAll(/[_-]+/g, " ").replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  const text = words === "" ? "Sample" : words[0]?.toUpperCase() + words.slice(1).toLowerCase();
  return text.padEnd(Number(schema.minLength ?? 0), "x").slice(0, Number(schema.maxLength ?? text.length + 100));
}

function sampleNumber(schema: JsonObject): number {
  const least = Number(schema.minimum ?? 1);
  const above = typeof schema.exclusiveMinimum === "number" ? schema.exclusiveMinimum + 1 : least;
  const most = Number(schema.maximum ?? Number.POSITIVE_INFINITY);
  const step = Number(schema.multipleOf ?? 0);
  const value = Math.max(least, above);
  return Math.min(most, step > 0 ? Math.ceil(value / step) * step : value);
}

/** Data that the schema says of itself, by `default`, `examples`, `example` or `const`, or else made up to fit its types. */
export function sampleOf(schema: JsonObject, root: JsonObject, name = "", depth = 0): Json {
  const [first] = Array.isArray(schema.examples) ? schema.examples : [];
  for (const said of [schema.default, first, schema.example, schema.const]) if (said !== undefined) return said;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0] ?? null;
  for (const list of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (Array.isArray(list) && list.length > 0 && depth < MAX_DEPTH && typeOf(schema) === "")
      return sampleOf(resolved(list[0], root), root, name, depth + 1);
  }
  switch (typeOf(schema)) {
    case "string":
      return sampleText(schema, name);
    case "number":
    case "integer":
      return sampleNumber(schema);
    case "boolean":
      return true;
    case "array": {
      if (depth >= MAX_DEPTH || !isObject(schema.items)) return [];
      const one = sampleOf(resolved(schema.items, root), root, name.replace(/s$/, ""), depth + 1);
      return Array.from({ length: Math.max(1, Number(schema.minItems ?? 1)) }, () => one);
    }
    case "object": {
      const known = propertiesOf(schema, root).filter(({ required }) => required || depth < MAX_DEPTH);
      if (depth > MAX_DEPTH + 2) return {};
      return Object.fromEntries(known.map((one) => [one.name, sampleOf(one.schema, root, one.name, depth + 1)]));
    }
    default:
      return name === "" ? {} : null;
  }
}
