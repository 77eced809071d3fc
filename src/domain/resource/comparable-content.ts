import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ResourceType } from "./resource-types.js";

/** Fields that the service computes from others, and which a push cannot change. Files that were pulled contain them. */
const COMPUTED_FIELDS: Partial<Record<ResourceType, readonly string[]>> = { guide: ["type", "semver"] };

/**
 * Returns a resource's content in the form in which two versions are compared: the texts of a translation as an object, and no
 * fields that are null, which mean the same as missing ones.
 */
export function toComparableContent(type: ResourceType, content: JsonObject): JsonObject {
  const computed = COMPUTED_FIELDS[type] ?? [];
  const own = Object.fromEntries(Object.entries(content).filter(([field]) => !computed.includes(field)));
  const comparable = removeNulls(own) as JsonObject;
  if (type !== "translation" || content.format === "po" || typeof content.content !== "string") return comparable;
  try {
    return { ...comparable, content: JSON.parse(content.content) as Json };
  } catch {
    return comparable;
  }
}

function removeNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(removeNulls);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => (child === null ? [] : [[key, removeNulls(child)]])),
  );
}
