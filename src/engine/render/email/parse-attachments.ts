import { getValueAtPath, isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { RenderError } from "../../liquid/render-error.js";
import type { RenderContext } from "../channel-renderer.js";

/** The path of an email's attachments in `data` if its template does not set `attachment_key`. */
const DEFAULT_ATTACHMENTS_KEY = "attachments";

const LINE_BREAK = /[\r\n\0]/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function parseField(attachment: JsonObject, name: string, fieldPath: string): string {
  const value = attachment[name];
  if (typeof value !== "string" || value === "")
    throw new RenderError(`${fieldPath}.${name} must be a non-empty string`);
  return value;
}

function parseAttachment(value: Json, fieldPath: string): JsonObject {
  if (!isJsonObject(value)) throw new RenderError(`${fieldPath} must be an object with name, content_type and content`);
  const name = parseField(value, "name", fieldPath);
  const contentType = parseField(value, "content_type", fieldPath);
  const content = typeof value.content === "string" ? value.content.replaceAll(/\s/g, "") : null;
  if (LINE_BREAK.test(name)) throw new RenderError(`${fieldPath}.name must not contain line breaks`);
  if (!/^[\w.+-]+\/[\w.+-]+(\s*;[^\r\n\0]*)?$/.test(contentType))
    throw new RenderError(`${fieldPath}.content_type must be a media type such as application/pdf`);
  if (content === null || !BASE64.test(content)) throw new RenderError(`${fieldPath}.content must be base64`);
  const { content_id: id = null, disposition = null } = value;
  if (id !== null && (typeof id !== "string" || /[\s<>\0]/.test(id)))
    throw new RenderError(`${fieldPath}.content_id must not contain spaces or angle brackets`);
  if (disposition !== null && disposition !== "inline" && disposition !== "attachment")
    throw new RenderError(`${fieldPath}.disposition must be "inline" or "attachment"`);
  return {
    name,
    content_type: contentType,
    content,
    ...(id === null ? {} : { content_id: id }),
    ...(disposition === null ? {} : { disposition }),
  };
}

/** Returns the value at the path. After a batch, it is the opening activity's value unless a later step changed it (E-191). */
function findAttachmentsValue(path: readonly string[], { scope, batch }: RenderContext): Json | null {
  const current = getValueAtPath(scope.data, path);
  const isFromBatch = batch && current === getValueAtPath(batch.reduced, path);
  return ((isFromBatch ? getValueAtPath(batch.first, path) : current) ?? null) as Json;
}

/**
 * Returns the attachments of an email, from one object or a list of objects at a dotted path in `data`. Throws
 * {@link RenderError} for an invalid attachment (T-131).
 */
export function parseAttachments(key: string, context: RenderContext): JsonObject[] {
  const path = (key === "" ? DEFAULT_ATTACHMENTS_KEY : key).split(".");
  const value = findAttachmentsValue(path, context);
  if (value === null) return [];
  const fieldPath = `data.${path.join(".")}`;
  return Array.isArray(value)
    ? value.map((attachment, index) => parseAttachment(attachment, `${fieldPath}[${index}]`))
    : [parseAttachment(value, fieldPath)];
}
