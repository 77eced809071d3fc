import type { LinkList } from "./link-list.js";

/** Elements whose content is text even if it looks like tags. */
const RAW_TEXT_ELEMENTS = new Set(["script", "style", "textarea", "title", "xmp"]);
const NO_TRACK_ATTRIBUTE = "data-knock-no-track";
const ATTRIBUTE = /[^\s/>][^\s/>=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*)?)?/y;
const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">" };

/** Decodes the character references of an attribute value, except named ones that URLs do not need. */
export function decodeEntities(value: string): string {
  return value.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|quot|apos|lt|gt));/gi, (entity, hex, digits, name) => {
    if (name !== undefined) return NAMED_ENTITIES[String(name).toLowerCase()] ?? entity;
    const code = hex === undefined ? Number(digits) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}

interface Attribute {
  name: string;
  /** The value as written, without quotes. */
  value: string;
  start: number;
  end: number;
}

function parseAttribute(html: string, at: number): Attribute | null {
  ATTRIBUTE.lastIndex = at;
  const [found] = ATTRIBUTE.exec(html) ?? [];
  if (found === undefined) return null;
  const equals = found.indexOf("=");
  const name = (equals === -1 ? found : found.slice(0, equals)).trimEnd();
  const value = equals === -1 ? "" : found.slice(equals + 1).trimStart();
  const isQuoted = value.length > 1 && /^["']/.test(value);
  return {
    name: name.toLowerCase(),
    value: isQuoted ? value.slice(1, -1) : value,
    start: at,
    end: at + found.length,
  };
}

/** Returns the attributes of a start tag and the index after it. Null if the tag does not end. */
function parseTag(html: string, from: number): { attributes: Attribute[]; end: number } | null {
  const attributes: Attribute[] = [];
  let at = from;
  while (at < html.length) {
    const character = html[at] as string;
    if (character === ">") return { attributes, end: at + 1 };
    const attribute = /[\s/]/.test(character) ? null : parseAttribute(html, at);
    if (attribute !== null) attributes.push(attribute);
    at = attribute?.end ?? at + 1;
  }
  return null;
}

function wrapTag(html: string, start: number, end: number, attributes: Attribute[], links: LinkList): string {
  let [tag, done] = ["", start];
  const isUntracked = attributes.some(({ name }) => name === NO_TRACK_ATTRIBUTE);
  for (const { name, value, start: attributeStart, end: attributeEnd } of attributes) {
    const url = name === "href" && !isUntracked ? links.toTrackingUrl(decodeEntities(value).trim()) : null;
    if (url !== null) {
      tag += `${html.slice(done, attributeStart)}href="${url}"`;
      done = attributeEnd;
    } else if (name === NO_TRACK_ATTRIBUTE) {
      tag += html.slice(done, attributeStart).trimEnd();
      done = attributeEnd;
    }
  }
  return tag + html.slice(done, end);
}

/**
 * Replaces the `https://` URLs of anchors with tracking URLs and removes the no-track attributes. Everything else stays
 * unchanged (T-231, T-232).
 */
export function wrapHtml(html: string, links: LinkList): string {
  const [tagName, parts]: [RegExp, string[]] = [/<([a-z][^\s/>]*)/iy, []];
  let [done, at] = [0, html.indexOf("<")];
  while (at !== -1) {
    let next = at + 1;
    tagName.lastIndex = at;
    const name = tagName.exec(html)?.[1]?.toLowerCase();
    if (html.startsWith("<!--", at)) {
      const end = html.indexOf("-->", at + 4);
      if (end === -1) break;
      next = end + 3;
    } else if (name !== undefined) {
      const tag = parseTag(html, at + 1 + name.length);
      if (tag === null) break;
      next = tag.end;
      if (name === "a") {
        parts.push(html.slice(done, at), wrapTag(html, at, next, tag.attributes, links));
        done = next;
      } else if (RAW_TEXT_ELEMENTS.has(name)) {
        const close = new RegExp(`</${name}`, "gi");
        close.lastIndex = next;
        const found = close.exec(html);
        if (found === null) break;
        next = found.index;
      }
    }
    at = html.indexOf("<", next);
  }
  return parts.join("") + html.slice(done);
}

/** Inserts an image of one pixel at the end of the body. A request for its URL shows that the email was opened (T-235). */
export function addTrackingPixel(html: string, url: string): string {
  const image = `<img src="${url}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">`;
  const end = [...html.matchAll(/<\/body\b/gi)].at(-1)?.index ?? html.length;
  return `${html.slice(0, end)}${image}${html.slice(end)}`;
}
