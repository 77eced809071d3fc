import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { getResourceType, type ResourceType } from "./resource-types.js";

/** Whether and how a field is written into a file of its own (CLI-323 to CLI-327). */
export interface ExtractionSettings {
  /** Whether a new resource gets a file for the field. If not, only a reference of an existing file is kept. */
  default: boolean;
  file_ext: string;
}

/** The fields that are written into files of their own by default, with the extensions of these files. */
const FILE_EXTENSIONS: Readonly<Record<string, string>> = {
  content: "md",
  html_body: "html",
  html_layout: "html",
  json_body: "json",
  json_overrides: "json",
  markdown_body: "md",
  pre_content: "txt",
  preview: "html",
  text_body: "txt",
  text_layout: "txt",
  visual_blocks: "json",
};

/** The extension of a partial's file, by its type (CLI-331). */
const PARTIAL_EXTENSIONS: Readonly<Record<string, string>> = {
  html: "html",
  json: "json",
  markdown: "md",
  text: "txt",
};

/** Objects of the user's own form. No text in them is extracted. */
const OPAQUE_FIELDS: ReadonlySet<string> = new Set([
  "trigger_data_json_schema",
  "conditions",
  "input_schema",
  "segments",
  "variants",
]);

const isExtractable = (field: string, value: Json): boolean =>
  field === "visual_blocks" ? Array.isArray(value) : typeof value === "string";

/** Returns the extension of a field's file. `owner` is the object that contains the field. */
function getFileExtension(type: ResourceType, field: string, owner: JsonObject): string {
  if (field === "content" && type === "partial") return PARTIAL_EXTENSIONS[String(owner.type)] ?? "txt";
  if (field === "content" && owner.type === "html") return "html";
  return FILE_EXTENSIONS[field] ?? "txt";
}

/**
 * Returns the fields of an object that may be in files of their own. Every text may, so that no reference of an existing file is
 * lost.
 */
export function listExtractableFields(type: ResourceType, owner: JsonObject): Map<string, ExtractionSettings> {
  const fields = new Map<string, ExtractionSettings>();
  for (const [field, value] of Object.entries(owner))
    if (isExtractable(field, value))
      fields.set(field, {
        default: type !== "guide" && Object.hasOwn(FILE_EXTENSIONS, field),
        file_ext: getFileExtension(type, field, owner),
      });
  return fields;
}

/** Fields whose objects have texts for people. Any text in them may be extracted if a file already refers to it. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(["template", "values", "channel_overrides"]);

/** Returns whether the objects in a field may have extractable fields. */
export const isDescended = (field: string): boolean => !OPAQUE_FIELDS.has(field) && !field.startsWith("__");

/**
 * Adds `__annotation` to each object that has extractable fields, and the names of the read-only fields to the resource
 * itself, as `annotate=true` asks for (CLI-327).
 */
export function annotateResource(type: ResourceType, resource: JsonObject): JsonObject {
  const readonly: readonly string[] = getResourceType(type).readonlyFields;
  const isReadonly = (field: string): boolean => readonly.includes(field);
  const content = Object.fromEntries(Object.entries(resource).filter(([field]) => !isReadonly(field)));
  const annotated = annotate(type, content, false) as JsonObject;
  const { extractable_fields } = (annotated.__annotation ?? { extractable_fields: {} }) as JsonObject;
  const root = { extractable_fields: extractable_fields ?? {}, readonly_fields: [...readonly] };
  return { ...resource, ...annotated, __annotation: root };
}

/** `isText` tells whether the value is within one of {@link TEXT_FIELDS}. */
function annotate(type: ResourceType, value: Json, isText: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => annotate(type, item, isText));
  if (!isJsonObject(value)) return value;
  const annotated: JsonObject = {};
  for (const [field, child] of Object.entries(value))
    annotated[field] = isDescended(field) ? annotate(type, child, isText || TEXT_FIELDS.has(field)) : child;
  const fields = [...listExtractableFields(type, value)].filter(([, settings]) => isText || settings.default);
  if (fields.length > 0)
    annotated.__annotation = { extractable_fields: Object.fromEntries(fields) as unknown as Json, readonly_fields: [] };
  return annotated;
}
