import { deepMerge, isJsonObject, type JsonObject } from "../util/json.js";

const STRATEGY_KEY = "__strategy__";

/** Returns a message's rendered overrides: the template's, or otherwise the channel's (E-182, CH-133). */
export function getPayloadOverrides({ payload_overrides: own }: JsonObject): JsonObject {
  return isJsonObject(own) ? own : {};
}

/** Merges overrides into a payload. With the strategy `replace`, they replace its properties instead (CH-133). */
export function applyPayloadOverrides(
  payload: JsonObject,
  { [STRATEGY_KEY]: strategy, ...overrides }: JsonObject,
): JsonObject {
  return strategy === "replace" ? { ...payload, ...overrides } : deepMerge(payload, overrides);
}
