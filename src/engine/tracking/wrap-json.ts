import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { LinkList } from "./link-list.js";
import { wrapMarkdown, wrapMrkdwn, wrapPlain } from "./wrap-text.js";

/** What is loaded, not opened: a picture's address must stay that of a picture. */
const MEDIA_FIELDS = new Set(["slack_file", "image", "thumbnail", "video", "sources", "media"]);
/** Where a text's own object says what it is written in. */
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

/** Block Kit and its like: `url` of what can be opened, and texts that say they are mrkdwn or Markdown (T-231). */
export function wrapJson(content: JsonObject, links: LinkList): JsonObject {
  return wrapStrings(content, links, (name, text, of) => {
    if (name === "url" || name === "title_url")
      return isMedia(of) && name === "url" ? text : (links.wrap(text) ?? text);
    const wrap = name === "text" && typeof of.type === "string" ? TEXT_WRAPPERS[of.type] : undefined;
    return wrap?.(text, links) ?? text;
  }) as JsonObject;
}

/** WhatsApp's JSON: its texts are plain. */
export function wrapWhatsApp(content: JsonObject, links: LinkList): JsonObject {
  return wrapStrings(content, links, (name, text) =>
    name === "text" || name === "body" ? wrapPlain(text, links) : text,
  ) as JsonObject;
}
