import { BASE62 } from "../../util/ids.js";

/** `/l/<message>/<number>`: the number is the link's place in the message's list. */
export interface LinkBase {
  base_url: string;
  message_id: string;
  /** For SMS and WhatsApp: `/<key>` of 10 characters (T-233). */
  short: boolean;
}

/** A short link's key: so many characters of the message's end, and one for the link. */
const KEY_TAIL = 9;

/** The links of one message, each URL once. */
export class LinkList {
  readonly urls: string[] = [];
  private readonly places = new Map<string, number>();

  constructor(private readonly base: LinkBase) {}

  /** What stands for a URL; null for one that is left alone, as all but `https://` are (T-231). */
  wrap(url: string): string | null {
    if (!/^https:\/\//i.test(url) || !URL.canParse(url)) return null;
    const { base_url, message_id, short } = this.base;
    if (url.startsWith(`${base_url}/unsubscribe/`)) return null; // to unsubscribe is no reader's click (T-241)
    const place = this.places.get(url) ?? this.urls.push(url) - 1;
    this.places.set(url, place);
    const digit = short ? BASE62[place] : undefined;
    return digit === undefined
      ? `${base_url}/l/${message_id}/${place}`
      : `${base_url}/${message_id.slice(-KEY_TAIL)}${digit}`;
  }
}
