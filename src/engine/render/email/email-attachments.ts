import { isJsonObject, type Json, type JsonObject, valueAt } from "../../../util/json.js";
import { RenderError } from "../../liquid/render-error.js";
import type { RenderContext } from "../channel-renderer.js";

/** Where an e-mail's attachments are in `data`, unless its template says otherwise. */
const DEFAULT_KEY = "attachments";

const LINE_BREAK = /[\r\n\0]/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function fieldOf(attachment: JsonObject, name: string, place: string): string {
  const value = attachment[name];
  if (typeof value !== "string" || value === "") throw new RenderError(`${place}.${name} must be a non-empty string`);
  return value;
}

function attachmentOf(value: Json, place: string): JsonObject {
  if (!isJsonObject(value)) throw new RenderError(`${place} must be an object with name, content_type and content`);
  const name = fieldOf(value, "name", place);
  const contentType = fieldOf(value, "content_type", place);
  const content = typeof value.content === "string" ? value.content.replaceAll(/\s/g, "") : null;
  if (LINE_BREAK.test(name)) throw new RenderError(`${place}.name must not hold line breaks`);
  if (!/^[\w.+-]+\/[\w.+-]+(\s*;[^\r\n\0]*)?$/.test(contentType))
    throw new RenderError(`${place}.content_type must be a media type such as application/pdf`);
  if (content === null || !BASE64.test(content)) throw new RenderError(`${place}.content must be base64`);
  const { content_id: id = null, disposition = null } = value;
  if (id !== null && (typeof id !== "string" || /[\s<>\0]/.test(id)))
    throw new RenderError(`${place}.content_id must be text without blanks and angle brackets`);
  if (disposition !== null && disposition !== "inline" && disposition !== "attachment")
    throw new RenderError(`${place}.disposition must be "inline" or "attachment"`);
  return {
    name,
    content_type: contentType,
    content,
    ...(id === null ? {} : { content_id: id }),
    ...(disposition === null ? {} : { disposition }),
  };
}

/** Returns the value at the path. After a batch it is what a later step put there, or else the opening activity's (E-191). */
function valueFor(path: readonly string[], { scope, batch }: RenderContext): Json | null {
  const current = valueAt(scope.data, path);
  const isFromBatch = batch && current === valueAt(batch.reduced, path);
  return ((isFromBatch ? valueAt(batch.first, path) : current) ?? null) as Json;
}

/**
 * The attachments of an e-mail (T-131): one object or a list of them, at a dotted path in `data`. Throws
 * {@link RenderError} for what is none.
 */
export function attachmentsOf(key: string, context: RenderContext): JsonObject[] {
  const path = (key === "" ? DEFAULT_KEY : key).split(".");
  const value = valueFor(path, context);
  if (value === null) return [];
  const place = `data.${path.join(".")}`;
  return Array.isArray(value)
    ? value.map((one, index) => attachmentOf(one, `${place}[${index}]`))
    : [attachmentOf(value, place)];
}
