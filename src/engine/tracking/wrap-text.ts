import type { LinkList } from "./link-list.js";
import { decodeEntities, wrapHtml } from "./wrap-html.js";

const BARE_URL = String.raw`(?<![\w+.-])https:\/\/[^\s<>"${"`"}|\\^{}]+`;

const countCharacter = (text: string, character: string): number => text.split(character).length - 1;

/** A URL in running text, and what follows it: punctuation at its end is the sentence's, as is a bracket without its other. */
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
  const wrapped = links.wrap(url);
  return wrapped === null ? found : `${formatLink(wrapped, url)}${rest}`;
}

/** Plain text, where a link is its URL: SMS and WhatsApp. */
export function wrapPlain(text: string, links: LinkList): string {
  return text.replaceAll(new RegExp(BARE_URL, "gi"), (found) => wrapBareUrl(found, links, (wrapped) => wrapped));
}

/** What of Markdown is looked at, in this order: the parts that are left whole come before what could be within them. */
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

/** Markdown's links; a bare URL becomes a link whose text it is (T-231). Pictures and code stay. */
export function wrapMarkdown(text: string, links: LinkList): string {
  return text.replaceAll(MARKDOWN_TOKENS, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const { before, url, html, auto, bare: found } = groups;
    if (html !== undefined) return wrapHtml(html, links);
    if (before !== undefined && url !== undefined) return `${before}${links.wrap(decodeEntities(url)) ?? url}`;
    if (auto !== undefined) {
      const wrapped = links.wrap(auto);
      return wrapped === null ? whole : formatMarkdownLink(wrapped, auto);
    }
    return found === undefined ? whole : wrapBareUrl(found, links, formatMarkdownLink);
  });
}

const MRKDWN_TOKENS = new RegExp(
  String.raw`(?<code>${"```"}[\s\S]*?${"```"}|${"`"}[^${"`"}\n]+${"`"})|<(?<url>https:\/\/[^<>|\s]+)(?:\|(?<label>[^<>]*))?>|(?<bare>${BARE_URL})`,
  "gi",
);

/** Slack's mrkdwn: `<url|label>`, and bare URLs, whose label they become (T-231). */
export function wrapMrkdwn(text: string, links: LinkList): string {
  return text.replaceAll(MRKDWN_TOKENS, (whole: string, ...rest: unknown[]) => {
    const { url, label, bare: found } = rest.at(-1) as Record<string, string | undefined>;
    if (url === undefined && found === undefined) return whole;
    const [written, after] = url === undefined ? splitTrailingPunctuation(found as string) : [url, ""];
    const wrapped = links.wrap(decodeEntities(written)); // Slack wants `&` escaped
    return wrapped === null ? whole : `<${wrapped}|${label ?? written}>${after}`;
  });
}
