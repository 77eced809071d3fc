import { isDescended } from "../../../../domain/resource/extractable-fields.js";
import { type ResourceDocument, toContent } from "../../../../domain/resource/resource-document.js";
import { isStorableId, MAX_ID_BYTES } from "../../../../domain/resource/resource-id.js";
import type { ResourceRef, ResourceType } from "../../../../domain/resource/resource-types.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import type { RouteContext } from "../access/route.js";
import { ApiError, createInvalidFieldError, createNotFoundError } from "../http/api-error.js";

const ITEM_TYPES = ["user", "tenant", "object"];

/** Returns a text of the body or the query. */
const readText = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** The form of a namespace. Other text could be read as a tenant or a folder. */
const NAMESPACE = /^[\w-]+$/;

/** Returns the ID of a translation, `[<tenant>~][<namespace>.]<locale>` (F-035, F-038). */
function readTranslationId({ param, query }: RouteContext, document: JsonObject = {}): string {
  const tenant = query.text("tenant") ?? readText(document.tenant);
  const namespace = query.text("namespace") ?? readText(document.namespace);
  if (namespace !== undefined && !NAMESPACE.test(namespace))
    throw createInvalidFieldError("namespace", "must contain only letters, digits, hyphens and underscores");
  const prefix = tenant === undefined ? "" : `${tenant}~`;
  return `${prefix}${namespace === undefined ? "" : `${namespace}.`}${param("locale_code")}`;
}

/** Returns the ID of a schema. The collection is `item_id` for the official command, `collection` in the description (CLI-391). */
function readSchemaId({ param, query }: RouteContext): string {
  const itemType = param("item_type");
  if (!ITEM_TYPES.includes(itemType)) throw createNotFoundError(`There is no item type ${JSON.stringify(itemType)}`);
  if (itemType !== "object") return itemType;
  const collection = query.text("item_id") ?? query.text("collection");
  if (collection === undefined) throw createInvalidFieldError("collection", "is required for objects");
  return `objects/${collection}`;
}

function readId(context: RouteContext, type: ResourceType, document?: JsonObject): string {
  if (type === "translation") return readTranslationId(context, document);
  return type === "schema" ? readSchemaId(context) : context.param("key");
}

/** Returns the resource that a path names. Throws 404 for a name that no resource can have. */
export function readRef(context: RouteContext, type: ResourceType): ResourceRef {
  const ref = { type, id: readId(context, type) };
  if (!isStorableId(ref)) throw createNotFoundError();
  return ref;
}

/** Returns the field and the message about a name that no file can have. */
function describeInvalidName(type: ResourceType, id: string): [field: string, message: string] {
  if (Buffer.byteLength(id) > MAX_ID_BYTES) return ["key", `must have at most ${MAX_ID_BYTES} bytes`];
  const name = JSON.stringify(id);
  if (type === "translation")
    return ["locale_code", `must be a locale such as "en", with a tenant without "/"; found ${name}`];
  if (type === "schema") return ["collection", `must be the name of a collection without "/"; found ${name}`];
  return ["key", `must contain only lowercase letters, digits, hyphens and underscores; found ${name}`];
}

/**
 * Returns a value without references to files. The official command sends them beside the texts (CLI-323). A reference without its text
 * is reported: it must not read a file of this machine.
 */
function dropReferences(value: Json, path: string, fields: string[]): Json {
  if (Array.isArray(value)) return value.map((item, index) => dropReferences(item, `${path}[${index}]`, fields));
  if (!isJsonObject(value)) return value;
  const rest: JsonObject = {};
  for (const [field, child] of Object.entries(value)) {
    const place = path === "" ? field : `${path}.${field}`;
    if (!field.endsWith("@")) rest[field] = isDescended(field) ? dropReferences(child, place, fields) : child;
    else if (!Object.hasOwn(value, field.slice(0, -1))) fields.push(place);
  }
  return rest;
}

function toDocumentContent(type: ResourceType, id: string, document: JsonObject, context: RouteContext): JsonObject {
  if (type !== "translation") return toContent(type, document);
  const { content, format = "json" } = document;
  if (typeof content !== "string") throw createInvalidFieldError("content", "must be a string");
  if (format !== "json" && format !== "po") throw createInvalidFieldError("format", "must be one of json, po");
  const tilde = id.lastIndexOf("~");
  const locale = context.param("locale_code");
  const namespace = id.slice(tilde + 1, id.length - locale.length).replace(/\.$/, "");
  const translation: JsonObject = { locale_code: locale, namespace, format, content };
  return tilde < 0 ? translation : { ...translation, tenant: id.slice(0, tilde) };
}

/**
 * Reads the document of a body `{ "<type>": { … } }`. Throws 422 with the fields of the document that are references to files, and
 * for a name that no file can have.
 */
export async function readDocument(context: RouteContext, type: ResourceType): Promise<ResourceDocument> {
  const document = (await context.body())[type];
  if (document === undefined) throw createInvalidFieldError(type, "is required");
  if (!isJsonObject(document)) throw createInvalidFieldError(type, "must be an object");
  const id = readId(context, type, document);
  if (!isStorableId({ type, id })) throw createInvalidFieldError(...describeInvalidName(type, id));
  if (typeof document.key === "string" && document.key !== id && type !== "translation" && type !== "schema")
    throw createInvalidFieldError("key", `must be ${JSON.stringify(id)}, as in the path`);
  const fields: string[] = [];
  const content = dropReferences(document, "", fields) as JsonObject;
  if (fields.length > 0) {
    const message = "is a reference to a file; send the text itself";
    throw new ApiError(
      422,
      "invalid_params",
      `The ${type} refers to files`,
      fields.map((field) => ({ field, message })),
    );
  }
  return { type, id, content: toDocumentContent(type, id, content, context) };
}
