import { deepMerge, isJsonObject, type JsonObject } from "../util/json.js";

const STRATEGY = "__strategy__";

/** As rendered: the template's, or else the channel's (E-182, CH-133). */
export function payloadOverrides({ payload_overrides: own }: JsonObject): JsonObject {
  return isJsonObject(own) ? own : {};
}

/** Overrides merged into a payload, or put in place of its properties where they say so (CH-133). */
export function withOverrides(payload: JsonObject, { [STRATEGY]: strategy, ...overrides }: JsonObject): JsonObject {
  return strategy === "replace" ? { ...payload, ...overrides } : deepMerge(payload, overrides);
}
