import { filterObjects, type JsonObject } from "../../util/json.js";

/**
 * Returns an email's HTML with its attached images as data URLs, because browsers cannot load `cid:` URLs. Returns null
 * for content without HTML.
 */
export function inlineImages(content: JsonObject): string | null {
  if (content.__typename !== "MessageEmailContent" || typeof content.html_body !== "string") return null;
  let html = content.html_body;
  for (const attachment of filterObjects(content.attachments)) {
    const { content_id: cid, content_type: type, content: base64 } = attachment;
    if (typeof cid === "string") html = html.replaceAll(`cid:${cid}`, () => `data:${type};base64,${base64}`);
  }
  return html;
}
