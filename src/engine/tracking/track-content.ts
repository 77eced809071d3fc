import type { Channel } from "../../domain/environment/environment.js";
import type { ChannelType } from "../../domain/message/channel-types.js";
import { signLinkId } from "../../domain/message/link-token.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { LinkList } from "./link-list.js";
import { addTrackingPixel, wrapHtml } from "./wrap-html.js";
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
function wrapJson(content: JsonObject, links: LinkList): JsonObject {
  return wrapStrings(content, links, (name, text, owner) => {
    if (name === "url" || name === "title_url")
      return isMedia(owner) && name === "url" ? text : (links.toTrackingUrl(text) ?? text);
    const wrap = name === "text" && typeof owner.type === "string" ? TEXT_WRAPPERS[owner.type] : undefined;
    return wrap?.(text, links) ?? text;
  }) as JsonObject;
}

/** Tracks the links of JSON for WhatsApp, whose texts are plain. */
function wrapWhatsApp(content: JsonObject, links: LinkList): JsonObject {
  return wrapStrings(content, links, (name, text) =>
    name === "text" || name === "body" ? wrapPlain(text, links) : text,
  ) as JsonObject;
}

interface TrackingOptions {
  channel: Pick<Channel, "type" | "provider">;
  message_id: string;
  base_url: string;
  link_key: string | null;
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
  const { base_url, message_id, link_key, opens } = options;
  // Without link tracking, the no-track attributes still have to be removed.
  const html = wrapHtml(
    toText(content.html_body),
    options.links ? links : new UntrackedLinks({ ...options, isShort: false }),
  );
  return {
    ...content,
    html_body: opens ? addTrackingPixel(html, `${base_url}/o/${signLinkId(link_key, "open", message_id)}.png`) : html,
  };
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
