import { getValueAtPath, isJsonObject, type Json, type JsonObject, parseUriFragment } from "../../util/json.js";

/** Matches one part of a pattern and its minimum number of repetitions. */
const PART = /(\\[dws.\-+/\\()[\]{}?*^$|]|\[\^?(?:\\.|[^\]\\])+\]|[^\\()[\]{}?*+^$|])(\{(\d+)(?:,\d*)?\}|[?*+])?/y;
const CLASSES: Record<string, string> = { "\\d": "1", "\\w": "a", "\\s": " ", ".": "a" };

/**
 * Returns a character that a part matches; for a class the first one that it lists, such as 0 for `[0-9A-F]`. Returns
 * null for negated classes.
 */
function pickCharacter(part: string): string | null {
  if (part in CLASSES) return CLASSES[part] ?? null;
  if (part.startsWith("[^")) return null;
  if (!part.startsWith("[")) return part.replace(/^\\/, "");
  const first = /^\[(\\.|.)/s.exec(part)?.[1] ?? "";
  return CLASSES[first] ?? first.replace(/^\\/, "");
}

/** Returns a text that matches a simple pattern without groups and alternatives. Returns null for other patterns. */
export function buildMatchingText(pattern: string): string | null {
  const body = pattern.replace(/^\^/, "").replace(/\$$/, "");
  const parts = new RegExp(PART);
  let text = "";
  let at = 0;
  while (at < body.length) {
    parts.lastIndex = at;
    const match = parts.exec(body);
    const member = match === null ? null : pickCharacter(match[1] ?? "");
    if (match === null || member === null) return null;
    const times = match[3] === undefined ? (match[2] === "?" || match[2] === "*" ? 0 : 1) : Number(match[3]);
    text += member.repeat(Math.min(times, 200));
    at += match[0].length;
  }
  try {
    return new RegExp(pattern, "u").test(text) ? text : null;
  } catch {
    return null;
  }
}

/** The kinds of inputs for trigger data. Data without a suitable input is entered as JSON. */
type InputKind = "text" | "long text" | "number" | "boolean" | "choice" | "object" | "list" | "json";

/** Limits the depth to which a schema that refers to itself is followed. */
const MAX_DEPTH = 6;
/** A text that may be longer than this number of characters gets an input with several lines. */
const LONG_TEXT_LENGTH = 200;

function getText(schema: JsonObject, name: string): string {
  const value = schema[name];
  return typeof value === "string" ? value : "";
}

/**
 * Returns the schema that a reference within the document names. A schema without a reference is returned unchanged.
 */
export function resolveSchema(schema: Json | undefined, root: JsonObject): JsonObject {
  let current = isJsonObject(schema) ? schema : {};
  for (let steps = 0; steps < 10; steps++) {
    const reference = getText(current, "$ref");
    if (!reference.startsWith("#/")) return current;
    const value = getValueAtPath(root, parseUriFragment(reference));
    current = isJsonObject(value) ? value : {};
  }
  return {};
}

function getType(schema: JsonObject): string {
  const { type } = schema;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) {
    const named = type.filter((typeName) => typeName !== "null");
    return named.length === 1 ? String(named[0]) : "";
  }
  return isJsonObject(schema.properties) ? "object" : "";
}

export function getInputKind(schema: JsonObject, depth = 0): InputKind {
  if (depth > MAX_DEPTH) return "json";
  if (Array.isArray(schema.enum) && schema.enum.every((choice) => choice === null || typeof choice !== "object"))
    return "choice";
  switch (getType(schema)) {
    case "string":
      return Number(schema.maxLength ?? 0) > LONG_TEXT_LENGTH ? "long text" : "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
      return isJsonObject(schema.properties) && Object.keys(schema.properties).length > 0 ? "object" : "json";
    case "array":
      return isJsonObject(schema.items) ? "list" : "json";
    default:
      return "json";
  }
}

export interface Property {
  name: string;
  schema: JsonObject;
  required: boolean;
}

export function listProperties(schema: JsonObject, root: JsonObject): Property[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: resolveSchema(property, root),
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

function buildSampleText(schema: JsonObject, name: string): string {
  const known = FORMATS[getText(schema, "format")];
  if (known !== undefined) return known;
  const matching = typeof schema.pattern === "string" ? buildMatchingText(schema.pattern) : null;
  if (matching !== null) return matching;
  const id = /^(.*?)[_-]?id$/i.exec(name);
  if (id && !("minLength" in schema || "maxLength" in schema)) return `${id[1] || "sample"}-1`;
  const words = name.replaceAll(/[_-]+/g, " ").replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  const text = words === "" ? "Sample" : words[0]?.toUpperCase() + words.slice(1).toLowerCase();
  return text.padEnd(Number(schema.minLength ?? 0), "x").slice(0, Number(schema.maxLength ?? text.length + 100));
}

function buildSampleNumber(schema: JsonObject): number {
  const inclusiveMinimum = Number(schema.minimum ?? 1);
  const minimum = typeof schema.exclusiveMinimum === "number" ? schema.exclusiveMinimum + 1 : inclusiveMinimum;
  const maximum = Number(schema.maximum ?? Number.POSITIVE_INFINITY);
  const step = Number(schema.multipleOf ?? 0);
  const value = Math.max(inclusiveMinimum, minimum);
  return Math.min(maximum, step > 0 ? Math.ceil(value / step) * step : value);
}

/**
 * Returns sample data: the `default`, `examples`, `example` or `const` of the schema, or otherwise values that fit its
 * types.
 */
export function buildSample(schema: JsonObject, root: JsonObject, name = "", depth = 0): Json {
  const [first] = Array.isArray(schema.examples) ? schema.examples : [];
  for (const candidate of [schema.default, first, schema.example, schema.const])
    if (candidate !== undefined) return candidate;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0] ?? null;
  for (const list of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (Array.isArray(list) && list.length > 0 && depth < MAX_DEPTH && getType(schema) === "")
      return buildSample(resolveSchema(list[0], root), root, name, depth + 1);
  }
  switch (getType(schema)) {
    case "string":
      return buildSampleText(schema, name);
    case "number":
    case "integer":
      return buildSampleNumber(schema);
    case "boolean":
      return true;
    case "array": {
      if (depth >= MAX_DEPTH || !isJsonObject(schema.items)) return [];
      const item = buildSample(resolveSchema(schema.items, root), root, name.replace(/s$/, ""), depth + 1);
      return Array.from({ length: Math.max(1, Number(schema.minItems ?? 1)) }, () => item);
    }
    case "object": {
      const known = listProperties(schema, root).filter(({ required }) => required || depth < MAX_DEPTH);
      if (depth > MAX_DEPTH + 2) return {};
      return Object.fromEntries(
        known.map((property) => [property.name, buildSample(property.schema, root, property.name, depth + 1)]),
      );
    }
    default:
      return name === "" ? {} : null;
  }
}
