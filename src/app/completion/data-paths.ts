import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { Candidate } from "./candidate.js";

/** The depth of objects in `--set` paths that are completed. */
const MAX_DEPTH = 5;

/** Returns the values that a schema lists, as JSON; null if it does not list them. */
function listValues(schema: JsonObject): unknown[] | null {
  if ("const" in schema) return [schema.const];
  if (Array.isArray(schema.enum)) return schema.enum;
  return schema.type === "boolean" ? [true, false] : null;
}

const isText = (schema: JsonObject): boolean => schema.type === "string" || schema.type === undefined;

/** Yields the properties of a schema that have no properties of their own, with their paths. */
function* walkProperties(schema: JsonObject, prefix: string, depth: number): Generator<[path: string, JsonObject]> {
  if (!isJsonObject(schema.properties) || depth > MAX_DEPTH) return;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (!/^[\w-]+$/.test(name) || !isJsonObject(property)) continue;
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (isJsonObject(property.properties)) yield* walkProperties(property, path, depth + 1);
    else yield [path, property];
  }
}

/** Returns the arguments of `--set` that a schema allows: paths, and values for a word that already has a path. */
export function listDataArguments(schema: JsonObject, current: string): Candidate[] {
  const [, path, operator = "="] = /^([^=:]*)(:?=)/.exec(current) ?? [];
  const candidates: Candidate[] = [];
  for (const [name, property] of walkProperties(schema, "", 0)) {
    const description = typeof property.description === "string" ? property.description : "";
    if (path === undefined) candidates.push({ name: `${name}${isText(property) ? "=" : ":="}`, description });
    else if (name === path)
      for (const value of listValues(property) ?? []) {
        const text = operator === "=" && typeof value === "string" ? value : JSON.stringify(value);
        candidates.push({ name: `${path}${operator}${text}`, description: "" });
      }
  }
  return candidates;
}
