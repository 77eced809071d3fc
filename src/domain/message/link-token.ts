import { computeHmacSha256 } from "../../util/hash.js";
import { BASE62 } from "../../util/ids.js";

/** The effect of a link that needs no key. Each has a token of its own, so that a forwarded link does nothing else. */
export type LinkKind = "unsubscribe" | "preferences" | "link" | "open";

/** The name of the store's secret that signs links. */
export const LINK_SECRET = "preference-center";
/** The name of the text with the time of the last message whose links have no token. Only stores of older versions have it. */
export const UNSIGNED_LINKS_UNTIL = "unsigned-links-until";

/** 131 bits in base 62, which programs recognize as a part of a URL up to its end. */
const TOKEN_LENGTH = 22;
/** A short link is `/<end of the message's ID><number of the link><token>` (T-233). This is the length of its first part. */
export const SHORT_ID_TAIL_LENGTH = 9;
/** The bytes of the digest that become the token. */
const TOKEN_BYTES = 17;

/** Returns the token of a link, which cannot be computed without the store's secret. `id` identifies what it is about. */
export function createLinkToken(key: string, kind: LinkKind, id: string): string {
  const digest = Buffer.from(computeHmacSha256(key, `${kind} ${id}`));
  let rest = BigInt(`0x${digest.toString("hex", 0, TOKEN_BYTES)}`);
  let token = "";
  while (token.length < TOKEN_LENGTH) {
    token += BASE62[Number(rest % 62n)];
    rest /= 62n;
  }
  return token;
}

/** Returns an ID with the token of a link. Without a key, as in previews, it has none, and the link does not work. */
export function signLinkId(key: string | null, kind: LinkKind, id: string): string {
  return key === null ? id : `${id}.${createLinkToken(key, kind, id)}`;
}
