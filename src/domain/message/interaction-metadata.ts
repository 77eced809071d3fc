import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { invalidParams } from "../shape/invalid-params.js";
import type { EngagementAction } from "./message.js";

const MAX_PAIRS = 5;

function faultOf(value: Json): string | null {
  if (Array.isArray(value) || isJsonObject(value)) return "must be text, a number, true, false or null: nothing nested";
  return null;
}

/**
 * What a caller says about an interaction: at most five pairs, none nested (E-226); nothing, null and `{}` are
 * none. Throws `invalid_params` with a pointer per fault, below `/metadata`; for any action but `interacted` too, where
 * the API has no such field and would pass over it.
 */
export function parseInteractionMetadata(action: EngagementAction, value: Json | undefined): JsonObject | null {
  if (value === undefined || value === null) return null;
  const fail = (pointer: string, message: string, found: Json) =>
    invalidParams("metadata", [{ pointer, message, value: found }], 'For example {"button":"approve"}.');
  if (!isJsonObject(value)) throw fail("/metadata", "must be an object", value);
  if (Object.keys(value).length === 0) return null;
  if (action !== "interacted")
    throw fail("/metadata", `goes with the status interacted only, not with ${action}`, value);
  const pairs = Object.entries(value);
  if (pairs.length > MAX_PAIRS)
    throw fail("/metadata", `must have at most ${MAX_PAIRS} pairs, found ${pairs.length}`, value);
  const details = pairs.flatMap(([key, child]) => {
    const message = faultOf(child);
    const segment = key.replaceAll("~", "~0").replaceAll("/", "~1");
    return message === null ? [] : [{ pointer: `/metadata/${segment}`, message, value: child }];
  });
  if (details.length > 0) throw invalidParams("metadata", details, 'For example {"button":"approve"}.');
  return value;
}
