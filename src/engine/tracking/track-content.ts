import type { Channel } from "../../domain/environment/environment.js";
import type { ChannelType } from "../../domain/message/channel-types.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { LinkList } from "./link-list.js";
import { addTrackingPixel, wrapHtml } from "./wrap-html.js";
import { wrapJson, wrapWhatsApp } from "./wrap-json.js";
import { wrapMarkdown, wrapPlain } from "./wrap-text.js";

interface TrackingOptions {
  channel: Pick<Channel, "type" | "provider">;
  message_id: string;
  base_url: string;
  links: boolean;
  opens: boolean;
}

interface TrackedContent {
  content: JsonObject;
  /** The URLs that were wrapped, by the number in their link. */
  links: string[];
}

const toText = (value: unknown): string => (typeof value === "string" ? value : "");

function trackEmail(content: JsonObject, links: LinkList, options: TrackingOptions): JsonObject {
  const { base_url, message_id, opens } = options;
  // Without link tracking there are the marks to take out still.
  const html = wrapHtml(
    toText(content.html_body),
    options.links ? links : new UntrackedLinks({ ...options, isShort: false }),
  );
  return { ...content, html_body: opens ? addTrackingPixel(html, `${base_url}/o/${message_id}.png`) : html };
}

class UntrackedLinks extends LinkList {
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
            isJsonObject(block) ? { ...block, content: wrapText(toText(block.content), links) } : block,
          )
        : null,
      json_content: isJsonObject(json) ? wrapContent(json, links) : null,
    },
  };
}

interface TrackChannel {
  track(content: JsonObject, links: LinkList, options: TrackingOptions): JsonObject;
  /** Whether links are shortened: each character counts. */
  isShort?(provider: string): boolean;
}

const isWhatsApp = (provider: string): boolean => provider.includes("whatsapp");

/** How the messages of each channel type are tracked; null where nothing can be (section 7 of the format). */
const TRACKED: Readonly<Record<ChannelType, TrackChannel | null>> = {
  email: { track: trackEmail },
  in_app_feed: { track: trackFeed },
  sms: {
    track: (content, links) => ({ ...content, body: wrapPlain(toText(content.body), links) }),
    isShort: () => true,
  },
  chat: {
    track: (content, links, { channel }) => trackChat(content, links, isWhatsApp(channel.provider)),
    isShort: isWhatsApp,
  },
  push: null,
  http: null,
  in_app_guide: null,
};

/** A rendered message whose links, and whose opening, tell of themselves at `base_url` (T-230 to T-235, E-231). */
export function trackContent(content: JsonObject, options: TrackingOptions): TrackedContent {
  const { type, provider } = options.channel;
  const tracked = TRACKED[type];
  if (tracked === null) return { content, links: [] };
  const links = new LinkList({ ...options, isShort: tracked.isShort?.(provider) ?? false });
  return { content: tracked.track(content, links, options), links: links.urls };
}
