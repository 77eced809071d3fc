import { createLinkToken, SHORT_ID_TAIL_LENGTH, signLinkId } from "../../domain/message/link-token.js";
import { BASE62 } from "../../util/ids.js";

/** The parts of a tracking URL, `/l/<message>/<number>.<token>`. The number is the index of the link in the message's list. */
interface LinkOptions {
  base_url: string;
  message_id: string;
  /** The key that signs links. Null in previews. */
  link_key: string | null;
  /** Whether to use `/<key>`, for SMS and WhatsApp (T-233). */
  isShort: boolean;
}

/** The links of one message. Each URL is listed once. */
export class LinkList {
  readonly urls: string[] = [];
  private readonly numbersByUrl = new Map<string, number>();

  constructor(private readonly options: LinkOptions) {}

  /** Returns the tracking URL for a URL. Null if the URL is not tracked; only `https://` URLs are (T-231). */
  toTrackingUrl(url: string): string | null {
    if (!/^https:\/\//i.test(url) || !URL.canParse(url)) return null;
    const { base_url, message_id, link_key, isShort } = this.options;
    if (url.startsWith(`${base_url}/unsubscribe/`)) return null; // unsubscribing is not a link click (T-241)
    const linkNumber = this.numbersByUrl.get(url) ?? this.urls.push(url) - 1;
    this.numbersByUrl.set(url, linkNumber);
    const digit = isShort ? BASE62[linkNumber] : undefined;
    const id = `${message_id}/${linkNumber}`;
    if (digit === undefined) return `${base_url}/l/${signLinkId(link_key, "link", id)}`;
    const token = link_key === null ? "" : createLinkToken(link_key, "link", id);
    return `${base_url}/${message_id.slice(-SHORT_ID_TAIL_LENGTH)}${digit}${token}`;
  }
}
