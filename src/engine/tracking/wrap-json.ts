import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { LinkList } from "./link-list.js";
import { wrapMarkdown, wrapMrkdwn, wrapPlain } from "./wrap-text.js";

/** Fields whose URLs are loaded and not opened, so they must not be tracked. */
const MEDIA_FIELDS = new Set(["slack_file", "image", "thumbnail", "video", "sources", "media"]);
/** Functions to track the links of a text object, by its `type`. */
const TEXT_WRAPPERS: Readonly<Record<string, typeof wrapPlain>> = { mrkdwn: wrapMrkdwn, markdown: wrapMarkdown };

function isMedia({ type }: JsonObject): boolean {
  return typeof type === "string" && /^(image|media)$/i.test(type);
}

function wrapStrings(
  value: Json,
  links: LinkList,
  wrapString: (name: string, text: string, owner: JsonObject) => string,
): Json {
  if (Array.isArray(value)) return value.map((item) => wrapStrings(item, links, wrapString));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]): [string, Json] => {
      if (typeof child === "string") return [name, wrapString(name, child, value)];
      return [name, MEDIA_FIELDS.has(name) || child === undefined ? child : wrapStrings(child, links, wrapString)];
    }),
  );
}

/** Tracks the links of Block Kit and similar JSON: URLs that can be opened, and texts in mrkdwn or Markdown (T-231). */
export function wrapJson(content: JsonObject, links: LinkList): JsonObject {
  return wrapStrings(content, links, (name, text, owner) => {
    if (name === "url" || name === "title_url")
      return isMedia(owner) && name === "url" ? text : (links.toTrackingUrl(text) ?? text);
    const wrap = name === "text" && typeof owner.type === "string" ? TEXT_WRAPPERS[owner.type] : undefined;
    return wrap?.(text, links) ?? text;
  }) as JsonObject;
}

/** Tracks the links of JSON for WhatsApp, whose texts are plain. */
export function wrapWhatsApp(content: JsonObject, links: LinkList): JsonObject {
  return wrapStrings(content, links, (name, text) =>
    name === "text" || name === "body" ? wrapPlain(text, links) : text,
  ) as JsonObject;
}
