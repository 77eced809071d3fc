import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { getResourceType, type ResourceRef, type ResourceType } from "./resource-types.js";

/**
 * A resource with its content as the management API receives it: the texts of all files are inline, and there are no read-only
 * fields. Its keys have the order of the file. The content of a translation is `{ locale_code, namespace, tenant, format,
 * content }`, and that of a schema `{ properties }`.
 */
export interface ResourceDocument extends ResourceRef {
  content: JsonObject;
}

/** The fields of a main file that are not a part of the content, besides read-only ones. */
const FILE_FIELDS: ReadonlySet<string> = new Set(["$schema", "__readonly", "__annotation"]);

/** Returns a value without annotations, which may be at every level (CLI-327). */
function removeAnnotations(value: Json): Json {
  if (Array.isArray(value)) return value.map(removeAnnotations);
  if (!isJsonObject(value)) return value;
  const rest: JsonObject = {};
  for (const [key, child] of Object.entries(value)) if (key !== "__annotation") rest[key] = removeAnnotations(child);
  return rest;
}

/** Returns the content of a main file or of a body of the API: without `$schema`, read-only fields and annotations. */
export function toContent(type: ResourceType, document: JsonObject): JsonObject {
  const readonly = new Set(getResourceType(type).readonlyFields);
  const content: JsonObject = {};
  for (const [key, value] of Object.entries(document))
    if (!FILE_FIELDS.has(key) && !readonly.has(key)) content[key] = removeAnnotations(value);
  return content;
}

/** The parts of a translation's ID, `[<tenant>~][<namespace>.]<locale>` (F-035, F-038). */
interface TranslationId {
  locale: string;
  namespace: string | null;
  tenant: string | null;
}

/** Parses a translation's ID. The locale is what follows the last dot. */
export function parseTranslationId(id: string): TranslationId {
  const tilde = id.lastIndexOf("~");
  const reference = id.slice(tilde + 1);
  const dot = reference.lastIndexOf(".");
  return {
    tenant: tilde < 0 ? null : id.slice(0, tilde),
    namespace: dot < 0 ? null : reference.slice(0, dot),
    locale: reference.slice(dot + 1),
  };
}

/** Compares the IDs of two translations, for the order of lists: by locale, then namespace, then tenant. */
export function compareTranslationIds(a: string, b: string): number {
  const [before, after] = [a, b].map((id) => {
    const { locale, namespace, tenant } = parseTranslationId(id);
    return [locale, namespace ?? "", tenant ?? ""];
  }) as [string[], string[]];
  for (const [index, part] of before.entries()) {
    const other = after[index] as string;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
