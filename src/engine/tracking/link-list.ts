import { BASE62 } from "../../util/ids.js";

/** `/l/<message>/<number>`: the number is the link's place in the message's list. */
interface LinkOptions {
  base_url: string;
  message_id: string;
  /** For SMS and WhatsApp: `/<key>` of 10 characters (T-233). */
  isShort: boolean;
}

/** A short link's key: so many characters of the message's end, and one for the link. */
const MESSAGE_ID_TAIL_LENGTH = 9;

/** The links of one message, each URL once. */
export class LinkList {
  readonly urls: string[] = [];
  private readonly numbersByUrl = new Map<string, number>();

  constructor(private readonly base: LinkOptions) {}

  /** What stands for a URL; null for one that is left alone, as all but `https://` are (T-231). */
  wrap(url: string): string | null {
    if (!/^https:\/\//i.test(url) || !URL.canParse(url)) return null;
    const { base_url, message_id, isShort: short } = this.base;
    if (url.startsWith(`${base_url}/unsubscribe/`)) return null; // to unsubscribe is no reader's click (T-241)
    const linkNumber = this.numbersByUrl.get(url) ?? this.urls.push(url) - 1;
    this.numbersByUrl.set(url, linkNumber);
    const digit = short ? BASE62[linkNumber] : undefined;
    return digit === undefined
      ? `${base_url}/l/${message_id}/${linkNumber}`
      : `${base_url}/${message_id.slice(-MESSAGE_ID_TAIL_LENGTH)}${digit}`;
  }
}
