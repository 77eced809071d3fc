import type { LinkList } from "./link-list.js";
import { decoded, wrapHtml } from "./wrap-html.js";

const BARE = String.raw`(?<![\w+.-])https:\/\/[^\s<>"${"`"}|\\^{}]+`;

const count = (text: string, character: string): number => text.split(character).length - 1;

/** A URL in running text, and what follows it: punctuation at its end is the sentence's, as is a bracket without its other. */
function split(found: string): [url: string, rest: string] {
  const closing: Record<string, number> = {
    ")": count(found, ")") - count(found, "("),
    "]": count(found, "]") - count(found, "["),
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

type AsLink = (wrapped: string, url: string) => string;

function bare(found: string, links: LinkList, asLink: AsLink): string {
  const [url, rest] = split(found);
  const wrapped = links.wrap(url);
  return wrapped === null ? found : `${asLink(wrapped, url)}${rest}`;
}

/** Plain text, where a link is its URL: SMS and WhatsApp. */
export function wrapPlain(text: string, links: LinkList): string {
  return text.replaceAll(new RegExp(BARE, "gi"), (found) => bare(found, links, (wrapped) => wrapped));
}

/** What of Markdown is looked at, in this order: the parts that are left whole come before what could be within them. */
const MARKDOWN = new RegExp(
  [
    String.raw`(?<code>(?:^|\n) {0,3}(?<fence>${"```"}|~~~)[\s\S]*?(?:\n {0,3}\k<fence>|$)|(?<!${"`"})(?<ticks>${"`"}+)(?!${"`"})[^${"`"}]+\k<ticks>(?!${"`"}))`,
    String.raw`(?<image>!\[[^[\]]*\]\([^()]*\))`,
    String.raw`(?<html><a\s[^<>]*>(?:[^<]*<\/a>)?)`,
    String.raw`(?<before>(?<!\\)\[(?:[^[\]\\]|\\[\s\S]|\[[^[\]]*\])*\]\(\s*<?|(?:^|\n) {0,3}\[[^[\]\n]+\]:[ \t]*<?)(?<url>(?:[^\s<>()]|\([^\s<>()]*\))+)`,
    String.raw`<(?<auto>https:\/\/[^\s<>]*)>`,
    `(?<bare>${BARE})`,
  ].join("|"),
  "gi",
);

function linkTo(wrapped: string, url: string): string {
  const text = url.replaceAll(/[\\*[\]~`]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, String.raw`\$&`);
  return `[${text}](${wrapped})`;
}

/** Markdown's links; a bare URL becomes a link whose text it is (T-231). Pictures and code stay. */
export function wrapMarkdown(text: string, links: LinkList): string {
  return text.replaceAll(MARKDOWN, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const { before, url, html, auto, bare: found } = groups;
    if (html !== undefined) return wrapHtml(html, links);
    if (before !== undefined && url !== undefined) return `${before}${links.wrap(decoded(url)) ?? url}`;
    if (auto !== undefined) {
      const wrapped = links.wrap(auto);
      return wrapped === null ? whole : linkTo(wrapped, auto);
    }
    return found === undefined ? whole : bare(found, links, linkTo);
  });
}

const SLACK = new RegExp(
  String.raw`(?<code>${"```"}[\s\S]*?${"```"}|${"`"}[^${"`"}\n]+${"`"})|<(?<url>https:\/\/[^<>|\s]+)(?:\|(?<label>[^<>]*))?>|(?<bare>${BARE})`,
  "gi",
);

/** Slack's mrkdwn: `<url|label>`, and bare URLs, whose label they become (T-231). */
export function wrapMrkdwn(text: string, links: LinkList): string {
  return text.replaceAll(SLACK, (whole: string, ...rest: unknown[]) => {
    const { url, label, bare: found } = rest.at(-1) as Record<string, string | undefined>;
    if (url === undefined && found === undefined) return whole;
    const [written, after] = url === undefined ? split(found as string) : [url, ""];
    const wrapped = links.wrap(decoded(written)); // Slack wants `&` escaped
    return wrapped === null ? whole : `<${wrapped}|${label ?? written}>${after}`;
  });
}
