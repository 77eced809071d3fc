import {
  ACTION_PARAMETERS,
  findValueAtPath,
  LITERAL_PARAMETERS,
  type SourceMapping,
  type SourceRequest,
} from "../../domain/trigger/source.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/**
 * Maps a parameter for an event (E-402, decision 18). Text is a dotted path into the event. `{ "value" }` is a literal
 * value and `{ "path" }` a path; other objects and lists are mapped recursively. Values that the event does not have
 * are left out.
 */
function mapValue(spec: Json, event: SourceRequest): Json | undefined {
  if (typeof spec === "string") return findValueAtPath(event, spec);
  if (Array.isArray(spec)) return spec.map((item) => mapValue(item, event)).filter((item) => item !== undefined);
  if (!isJsonObject(spec)) return spec;
  const keys = Object.keys(spec);
  if (keys.length === 1 && keys[0] === "value") return spec.value;
  if (keys.length === 1 && keys[0] === "path" && typeof spec.path === "string")
    return findValueAtPath(event, spec.path);
  const mappedObject: JsonObject = {};
  for (const [key, item] of Object.entries(spec)) {
    const value = mapValue(item, event);
    if (value !== undefined) mappedObject[key] = value;
  }
  return mappedObject;
}

function describeMissingValue(spec: Json | undefined): string {
  if (typeof spec === "string") return `the event has no value at "${spec}"`;
  if (isJsonObject(spec) && typeof spec.path === "string") return `the event has no value at "${spec.path}"`;
  return "the event has no value for it";
}

/**
 * Returns a mapping's parameters for an event, or an error that names the missing required ones (E-403). Text in a
 * parameter that names a workflow, audience or collection is literal.
 */
export function mapParameters(
  { action_type, action_parameters }: SourceMapping,
  event: SourceRequest,
): { parameters: JsonObject } | { error: string } {
  const { required } = ACTION_PARAMETERS[action_type];
  const parameters: JsonObject = {};
  for (const [name, spec] of Object.entries(action_parameters)) {
    const value = LITERAL_PARAMETERS.has(name) && typeof spec === "string" ? spec : mapValue(spec, event);
    if (!isMissing(value)) parameters[name] = value as Json;
  }
  const missing = required.filter((name) => isMissing(parameters[name]));
  if (missing.length === 0) return { parameters };
  return {
    error: missing
      .map((name) => `${name} is required, and ${describeMissingValue(action_parameters[name] as Json | undefined)}`)
      .join("; "),
  };
}
