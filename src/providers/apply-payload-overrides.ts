import { deepMerge, isJsonObject, type JsonObject } from "../util/json.js";

const STRATEGY_KEY = "__strategy__";

/** As rendered: the template's, or else the channel's (E-182, CH-133). */
export function getPayloadOverrides({ payload_overrides: own }: JsonObject): JsonObject {
  return isJsonObject(own) ? own : {};
}

/** Overrides merged into a payload, or put in place of its properties where they say so (CH-133). */
export function applyPayloadOverrides(
  payload: JsonObject,
  { [STRATEGY_KEY]: strategy, ...overrides }: JsonObject,
): JsonObject {
  return strategy === "replace" ? { ...payload, ...overrides } : deepMerge(payload, overrides);
}
