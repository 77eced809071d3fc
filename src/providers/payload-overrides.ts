import { deepMerge, isJsonObject, type JsonObject } from "../util/json.js";
import type { SettingsReader } from "./settings-reader.js";

const STRATEGY = "__strategy__";

/** A template's overrides replace the channel's, they are not merged with them (E-182, CH-133). */
export function payloadOverrides(content: JsonObject, settings: SettingsReader): JsonObject {
  const own = content.payload_overrides;
  return isJsonObject(own) ? own : (settings.json("payload_overrides") ?? {});
}

/** Overrides merged into a payload, or put in place of its properties where they say so (CH-133). */
export function withOverrides(payload: JsonObject, { [STRATEGY]: strategy, ...overrides }: JsonObject): JsonObject {
  return strategy === "replace" ? { ...payload, ...overrides } : deepMerge(payload, overrides);
}
