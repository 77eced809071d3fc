import {
  ACTION_PARAMETERS,
  NAMES,
  type SourceMapping,
  type SourceRequest,
  valueAtPath,
} from "../../domain/trigger/source.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/**
 * A parameter for an event (E-402, decision 18): text is a dotted path into it, but for names of the project's; `{ "value" }`
 * is the value itself and `{ "path" }` a path; other objects and lists are mapped inside. What an event lacks is left out.
 */
function mapped(spec: Json, event: SourceRequest): Json | undefined {
  if (typeof spec === "string") return valueAtPath(event, spec);
  if (Array.isArray(spec)) return spec.map((item) => mapped(item, event)).filter((item) => item !== undefined);
  if (!isJsonObject(spec)) return spec;
  const keys = Object.keys(spec);
  if (keys.length === 1 && keys[0] === "value") return spec.value;
  if (keys.length === 1 && keys[0] === "path" && typeof spec.path === "string") return valueAtPath(event, spec.path);
  const made: JsonObject = {};
  for (const [key, item] of Object.entries(spec)) {
    const value = mapped(item, event);
    if (value !== undefined) made[key] = value;
  }
  return made;
}

function described(spec: Json | undefined): string {
  if (typeof spec === "string") return `the event has nothing at "${spec}"`;
  if (isJsonObject(spec) && typeof spec.path === "string") return `the event has nothing at "${spec.path}"`;
  return "the event has nothing for it";
}

/** A mapping's parameters for an event; or why they do not do (E-403). */
export function mapParameters(
  { action_type, action_parameters }: SourceMapping,
  event: SourceRequest,
): { parameters: JsonObject } | { error: string } {
  const { required } = ACTION_PARAMETERS[action_type];
  const parameters: JsonObject = {};
  for (const [name, spec] of Object.entries(action_parameters)) {
    const value = NAMES.has(name) && typeof spec === "string" ? spec : mapped(spec, event);
    if (!isMissing(value)) parameters[name] = value as Json;
  }
  const missing = required.filter((name) => isMissing(parameters[name]));
  if (missing.length === 0) return { parameters };
  return {
    error: missing
      .map((name) => `${name} is required, and ${described(action_parameters[name] as Json | undefined)}`)
      .join("; "),
  };
}
