import { annotateResource } from "../../../../domain/resource/extractable-fields.js";
import { getResourceType, type ResourceType } from "../../../../domain/resource/resource-types.js";
import { formatPo } from "../../../../domain/template/format-po.js";
import { parsePo } from "../../../../domain/template/parse-po.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import type { StoredResource } from "../account.js";

/** The version of message types and guides, which a project's files do not store. */
const DEFAULT_VERSION = "0.0.1";

/** Returns fields that the service has for each resource, for files that leave them out. They are not a part of the content. */
function deriveFields(type: ResourceType, content: JsonObject): JsonObject {
  if (type !== "guide") return {};
  const [first] = Array.isArray(content.steps) ? content.steps : [];
  const messageType = isJsonObject(first) && typeof first.schema_key === "string" ? first.schema_key : null;
  return { type: messageType, semver: DEFAULT_VERSION };
}

/**
 * Removes derived fields that the content of the resource does not have, so that pushing a pulled resource again changes nothing.
 * `before` is the stored content; null for a new resource.
 */
export function removeDerivedFields(type: ResourceType, content: JsonObject, before: JsonObject | null): JsonObject {
  const derived = deriveFields(type, content);
  const isDerived = ([field, value]: [string, Json]): boolean =>
    before !== null && !Object.hasOwn(before, field) && Object.hasOwn(derived, field) && derived[field] === value;
  return Object.fromEntries(Object.entries(content).filter((entry) => !isDerived(entry)));
}

function parseTexts(content: string): JsonObject {
  try {
    const texts: unknown = JSON.parse(content);
    return isJsonObject(texts) ? texts : {};
  } catch {
    return {};
  }
}

/** Returns the texts of a translation in a format. */
function convertTexts(content: string, from: Json | undefined, to: "json" | "po"): string {
  if (from === to) return content;
  return to === "po" ? formatPo(parseTexts(content)) : JSON.stringify(parsePo(content, "content"));
}

function serializeTranslation({ content, created_at, updated_at }: StoredResource, format: "json" | "po"): JsonObject {
  const texts = convertTexts(String(content.content), content.format, format);
  return { ...content, format, content: texts, inserted_at: created_at, created_at, updated_at };
}

function serializeSchema({ id, content }: StoredResource): JsonObject {
  const [kind = "", collection = null] = id.split("/");
  return {
    item_type: collection === null ? kind : "object",
    item_id: collection,
    properties: content.properties ?? [],
  };
}

export interface SerializeOptions {
  environment: string;
  /** Whether the annotations are added that the official command needs to write files (`annotate`). */
  annotate: boolean;
  /** The format of the texts of a translation. */
  format: "json" | "po";
}

/** Returns a resource as the management API has it, with the read-only fields of its kind. */
export function serializeResource(
  stored: StoredResource,
  { environment, annotate, format }: SerializeOptions,
): JsonObject {
  const { type, id, content, active, valid, sha, created_at, updated_at } = stored;
  if (type === "translation") return serializeTranslation(stored, format);
  if (type === "schema") return serializeSchema(stored);
  const fields: JsonObject = {
    environment,
    key: id,
    active,
    valid,
    sha,
    created_at,
    inserted_at: created_at,
    updated_at,
    owner: "user",
    semver: DEFAULT_VERSION,
  };
  const readonly: JsonObject = {};
  for (const field of getResourceType(type).readonlyFields) readonly[field] = fields[field] ?? null;
  const derived = Object.entries(deriveFields(type, content)).filter(([field]) => !Object.hasOwn(content, field));
  const resource = { ...content, ...Object.fromEntries(derived), ...readonly };
  return annotate ? annotateResource(type, resource) : resource;
}
