import type { Channel } from "../../domain/environment/environment.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { LinkList } from "./link-list.js";
import { withPixel, wrapHtml } from "./wrap-html.js";
import { wrapJson, wrapWhatsApp } from "./wrap-json.js";
import { wrapMarkdown, wrapPlain } from "./wrap-text.js";

export interface TrackingOptions {
  channel: Pick<Channel, "type" | "provider">;
  message_id: string;
  base_url: string;
  links: boolean;
  opens: boolean;
}

export interface TrackedContent {
  content: JsonObject;
  /** The URLs that were wrapped, by the number in their link. */
  links: string[];
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function trackEmail(content: JsonObject, links: LinkList, options: TrackingOptions): JsonObject {
  const { base_url, message_id, opens } = options;
  // Without link tracking there are the marks to take out still.
  const html = wrapHtml(textOf(content.html_body), options.links ? links : new NoLinks({ ...options, short: false }));
  return { ...content, html_body: opens ? withPixel(html, `${base_url}/o/${message_id}.png`) : html };
}

class NoLinks extends LinkList {
  override wrap(): null {
    return null;
  }
}

/** The body alone: what an action opens is never wrapped (T-234). */
function trackFeed(content: JsonObject, links: LinkList): JsonObject {
  const blocks = Array.isArray(content.blocks) ? content.blocks : [];
  return {
    ...content,
    blocks: blocks.map((block) =>
      isJsonObject(block) && block.type === "markdown" && typeof block.rendered === "string"
        ? { ...block, rendered: wrapHtml(block.rendered, links) }
        : block,
    ),
  };
}

function trackChat(content: JsonObject, links: LinkList, isWhatsApp: boolean): JsonObject {
  const template = isJsonObject(content.template) ? content.template : {};
  const [wrapText, wrapContent] = isWhatsApp ? [wrapPlain, wrapWhatsApp] : [wrapMarkdown, wrapJson];
  const { blocks, json_content: json } = template;
  return {
    ...content,
    template: {
      ...template,
      blocks: Array.isArray(blocks)
        ? blocks.map((block) =>
            isJsonObject(block) ? { ...block, content: wrapText(textOf(block.content), links) } : block,
          )
        : null,
      json_content: isJsonObject(json) ? wrapContent(json, links) : null,
    },
  };
}

/** A rendered message whose links, and whose opening, tell of themselves at `base_url` (T-230 to T-235, E-231). */
export function trackContent(content: JsonObject, options: TrackingOptions): TrackedContent {
  const { type, provider } = options.channel;
  const isWhatsApp = type === "chat" && provider.includes("whatsapp");
  const links = new LinkList({ ...options, short: type === "sms" || isWhatsApp });
  const tracked =
    type === "email"
      ? trackEmail(content, links, options)
      : type === "in_app_feed"
        ? trackFeed(content, links)
        : type === "sms"
          ? { ...content, body: wrapPlain(textOf(content.body), links) }
          : trackChat(content, links, isWhatsApp);
  return { content: tracked, links: links.urls };
}
