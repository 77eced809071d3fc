import type { LinkList } from "./link-list.js";
import { decodeEntities, wrapHtml } from "./wrap-html.js";

const BARE_URL = String.raw`(?<![\w+.-])https:\/\/[^\s<>"${"`"}|\\^{}]+`;

const countCharacter = (text: string, character: string): number => text.split(character).length - 1;

/** Splits a URL in a text from the characters after it: punctuation at its end, and closing brackets without an opening one. */
function splitTrailingPunctuation(found: string): [url: string, rest: string] {
  const closing: Record<string, number> = {
    ")": countCharacter(found, ")") - countCharacter(found, "("),
    "]": countCharacter(found, "]") - countCharacter(found, "["),
  };
  let end = found.length;
  for (; end > 0; end--) {
    const last = found[end - 1] as string;
    const excess = closing[last];
    if (excess === undefined ? !".,;:!?'*_~".includes(last) : excess <= 0) break;
    if (excess !== undefined) closing[last] = excess - 1;
  }
  return [found.slice(0, end), found.slice(end)];
}

type FormatLink = (wrapped: string, url: string) => string;

function wrapBareUrl(found: string, links: LinkList, formatLink: FormatLink): string {
  const [url, rest] = splitTrailingPunctuation(found);
  const wrapped = links.toTrackingUrl(url);
  return wrapped === null ? found : `${formatLink(wrapped, url)}${rest}`;
}

/** Tracks the links of plain text for SMS and WhatsApp, where each link is a bare URL. */
export function wrapPlain(text: string, links: LinkList): string {
  return text.replaceAll(new RegExp(BARE_URL, "gi"), (found) => wrapBareUrl(found, links, (wrapped) => wrapped));
}

/** Matches the parts of Markdown in this order. Parts that stay unchanged come first, because they can contain the others. */
const MARKDOWN_TOKENS = new RegExp(
  [
    String.raw`(?<code>(?:^|\n) {0,3}(?<fence>${"```"}|~~~)[\s\S]*?(?:\n {0,3}\k<fence>|$)|(?<!${"`"})(?<ticks>${"`"}+)(?!${"`"})[^${"`"}]+\k<ticks>(?!${"`"}))`,
    String.raw`(?<image>!\[[^[\]]*\]\([^()]*\))`,
    String.raw`(?<html><a\s[^<>]*>(?:[^<]*<\/a>)?)`,
    String.raw`(?<before>(?<!\\)\[(?:[^[\]\\]|\\[\s\S]|\[[^[\]]*\])*\]\(\s*<?|(?:^|\n) {0,3}\[[^[\]\n]+\]:[ \t]*<?)(?<url>(?:[^\s<>()]|\([^\s<>()]*\))+)`,
    String.raw`<(?<auto>https:\/\/[^\s<>]*)>`,
    `(?<bare>${BARE_URL})`,
  ].join("|"),
  "gi",
);

function formatMarkdownLink(wrapped: string, url: string): string {
  const text = url.replaceAll(/[\\*[\]~`]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, String.raw`\$&`);
  return `[${text}](${wrapped})`;
}

/** Tracks the links of Markdown. A bare URL becomes a link with the URL as its text. Images and code stay unchanged (T-231). */
export function wrapMarkdown(text: string, links: LinkList): string {
  return text.replaceAll(MARKDOWN_TOKENS, (token: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const { before, url, html, auto, bare: found } = groups;
    if (html !== undefined) return wrapHtml(html, links);
    if (before !== undefined && url !== undefined) return `${before}${links.toTrackingUrl(decodeEntities(url)) ?? url}`;
    if (auto !== undefined) {
      const wrapped = links.toTrackingUrl(auto);
      return wrapped === null ? token : formatMarkdownLink(wrapped, auto);
    }
    return found === undefined ? token : wrapBareUrl(found, links, formatMarkdownLink);
  });
}

const MRKDWN_TOKENS = new RegExp(
  String.raw`(?<code>${"```"}[\s\S]*?${"```"}|${"`"}[^${"`"}\n]+${"`"})|<(?<url>https:\/\/[^<>|\s]+)(?:\|(?<label>[^<>]*))?>|(?<bare>${BARE_URL})`,
  "gi",
);

/** Tracks the links of Slack's mrkdwn: `<url|label>`, and bare URLs, which become links with the URL as the label (T-231). */
export function wrapMrkdwn(text: string, links: LinkList): string {
  return text.replaceAll(MRKDWN_TOKENS, (token: string, ...rest: unknown[]) => {
    const { url, label, bare: found } = rest.at(-1) as Record<string, string | undefined>;
    if (url === undefined && found === undefined) return token;
    const [written, after] = url === undefined ? splitTrailingPunctuation(found as string) : [url, ""];
    const wrapped = links.toTrackingUrl(decodeEntities(written)); // Slack requires `&` to be escaped
    return wrapped === null ? token : `<${wrapped}|${label ?? written}>${after}`;
  });
}
