import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { LinkList } from "./link-list.js";
import { wrapMarkdown, wrapMrkdwn, wrapPlain } from "./wrap-text.js";

/** What is loaded, not opened: a picture's address must stay that of a picture. */
const LOADED = new Set(["slack_file", "image", "thumbnail", "video", "sources", "media"]);
/** Where a text's own object says what it is written in. */
const TEXTS: Readonly<Record<string, typeof wrapPlain>> = { mrkdwn: wrapMrkdwn, markdown: wrapMarkdown };

function isLoaded({ type }: JsonObject): boolean {
  return typeof type === "string" && /^(image|media)$/i.test(type);
}

function wrapped(value: Json, links: LinkList, ofString: (name: string, text: string, of: JsonObject) => string): Json {
  if (Array.isArray(value)) return value.map((item) => wrapped(item, links, ofString));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]): [string, Json] => {
      if (typeof child === "string") return [name, ofString(name, child, value)];
      return [name, LOADED.has(name) || child === undefined ? child : wrapped(child, links, ofString)];
    }),
  );
}

/** Block Kit and its like: `url` of what can be opened, and texts that say they are mrkdwn or Markdown (T-231). */
export function wrapJson(content: JsonObject, links: LinkList): JsonObject {
  return wrapped(content, links, (name, text, of) => {
    if (name === "url" || name === "title_url")
      return isLoaded(of) && name === "url" ? text : (links.wrap(text) ?? text);
    const wrap = name === "text" && typeof of.type === "string" ? TEXTS[of.type] : undefined;
    return wrap?.(text, links) ?? text;
  }) as JsonObject;
}

/** WhatsApp's JSON: its texts are plain. */
export function wrapWhatsApp(content: JsonObject, links: LinkList): JsonObject {
  return wrapped(content, links, (name, text) =>
    name === "text" || name === "body" ? wrapPlain(text, links) : text,
  ) as JsonObject;
}
