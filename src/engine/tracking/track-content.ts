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
  /** The tracked URLs. The index of a URL is the number in its tracking URL. */
  links: string[];
}

const toText = (value: unknown): string => (typeof value === "string" ? value : "");

function trackEmail(content: JsonObject, links: LinkList, options: TrackingOptions): JsonObject {
  const { base_url, message_id, opens } = options;
  // Without link tracking, the no-track attributes still have to be removed.
  const html = wrapHtml(
    toText(content.html_body),
    options.links ? links : new UntrackedLinks({ ...options, isShort: false }),
  );
  return { ...content, html_body: opens ? addTrackingPixel(html, `${base_url}/o/${message_id}.png`) : html };
}

/** Links of a message without link tracking. */
class UntrackedLinks extends LinkList {
  override toTrackingUrl(): null {
    return null;
  }
}

/** Tracks the links of a feed message's body. Action URLs are never tracked (T-234). */
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
  /** Returns whether tracking URLs are short. Absent if they never are. */
  isShort?(provider: string): boolean;
}

const isWhatsApp = (provider: string): boolean => provider.includes("whatsapp");

/** How the messages of each channel type are tracked. Null for channel types without tracking (section 7 of the format). */
const TRACKED_CHANNELS: Readonly<Record<ChannelType, TrackChannel | null>> = {
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

/**
 * Returns the content with tracking URLs at `base_url` instead of its links and, for emails, a tracking pixel (E-231, T-230 to
 * T-235).
 */
export function trackContent(content: JsonObject, options: TrackingOptions): TrackedContent {
  const { type, provider } = options.channel;
  const channel = TRACKED_CHANNELS[type];
  if (channel === null) return { content, links: [] };
  const links = new LinkList({ ...options, isShort: channel.isShort?.(provider) ?? false });
  return { content: channel.track(content, links, options), links: links.urls };
}
