import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { flag, list, object, optional, type Shape, text } from "../shape/shape.js";

const NAMES = ["vars", "actor", "recipient", "data"] as const;
type Filtered = (typeof NAMES)[number];

/** All, nothing, or by dotted paths. */
export type FieldFilter = boolean | { only: string[] } | { except: string[] };

/** A feed channel's setting `response_filter`: what of each the API's answers show (A-105, CH-221); absent: all. */
export type ResponseFilter = Partial<Record<Filtered, FieldFilter>>;

const paths = object({ only: optional(list(text)), except: optional(list(text)) }, { closed: true });

const fieldFilter: Shape<FieldFilter> = (value, path, complain): value is FieldFilter => {
  if (!isJsonObject(value)) return flag(value, path, complain);
  if (!paths(value, path, complain)) return false;
  if (Array.isArray(value.only) !== Array.isArray(value.except)) return true;
  complain(path, 'must be true, false, { "only": [paths] } or { "except": [paths] }');
  return false;
};

const shape = object(
  {
    vars: optional(fieldFilter),
    actor: optional(fieldFilter),
    recipient: optional(fieldFilter),
    data: optional(fieldFilter),
  },
  { closed: true },
);

/** Complains of a setting that is no filter. */
export function checkResponseFilter(
  { response_filter: value }: JsonObject,
  path: PropertyKey[],
  complain: (path: PropertyKey[], message: string) => void,
): void {
  if (value !== undefined && value !== null) shape(value, [...path, "response_filter"], complain);
}

export function responseFilterOf(settings: JsonObject): ResponseFilter | null {
  const { response_filter: value } = settings;
  return isJsonObject(value) ? (value as ResponseFilter) : null;
}

function take(from: JsonObject, [name = "", ...rest]: readonly string[], into: JsonObject): void {
  if (!Object.hasOwn(from, name)) return;
  const value = from[name] as Json;
  if (rest.length === 0) into[name] = value;
  else if (isJsonObject(value)) {
    const inner: JsonObject = isJsonObject(into[name]) ? into[name] : {};
    take(value, rest, inner);
    into[name] = inner;
  }
}

function without(from: JsonObject, [name = "", ...rest]: readonly string[]): JsonObject {
  if (!Object.hasOwn(from, name)) return from;
  const { [name]: value, ...others } = from;
  if (rest.length === 0) return others;
  return isJsonObject(value) ? { ...others, [name]: without(value, rest) } : from;
}

/** What a filter leaves of a map. */
export function filtered(from: JsonObject, filter: FieldFilter | undefined): JsonObject {
  if (filter === undefined || filter === null || filter === true) return from;
  if (filter === false) return {};
  if ("only" in filter && Array.isArray(filter.only)) {
    const kept: JsonObject = {};
    for (const path of filter.only) take(from, path.split("."), kept);
    return kept;
  }
  const { except = [] } = filter as { except?: string[] };
  return except.reduce((left, path) => without(left, path.split(".")), from);
}
