let entities: Map<string, string> | undefined;

/**
 * Returns the text of a named entity. Only the entities that emails commonly contain are known, because a table of all 2,000
 * would have to be loaded. The map is created when the first text contains an entity.
 */
function findEntity(name: string): string | undefined {
  entities ??= new Map([
    ...Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }),
    ...Object.entries({ ensp: " ", emsp: " ", thinsp: " ", shy: "", zwnj: "", zwj: "\u200d" }),
    ...[
      ..."hellip… mdash— ndash– lsquo‘ rsquo’ sbquo‚ ldquo“ rdquo” bdquo„ laquo« raquo» lsaquo‹ rsaquo› bull• middot·".split(
        " ",
      ),
      ..."copy© reg® trade™ euro€ pound£ yen¥ cent¢ sect§ para¶ deg° plusmn± times× divide÷ frac12½ larr← rarr→ check✓".split(
        " ",
      ),
      ..."aumlä oumlö uumlü AumlÄ OumlÖ UumlÜ szligß eacuteé egraveè ecircê agraveà acircâ ccedilç ntildeñ oacuteó".split(
        " ",
      ),
    ].map((pair): [string, string] => [pair.slice(0, -1), pair.slice(-1)]),
  ]);
  return entities.get(name) ?? entities.get(name.toLowerCase());
}

function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|[a-z][a-z0-9]*);/gi, (reference, name: string) => {
    if (!name.startsWith("#")) return findEntity(name) ?? reference;
    const code = name[1]?.toLowerCase() === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
  });
}

/** Elements whose content is not text. */
const SKIPPED_ELEMENTS = new Set(["style", "script", "head", "title"]);
/** The text that the start or end tag of an element adds. */
const TEXT_AT_START: Record<string, string> = { br: "\n", li: "\n- " };
const TEXT_AT_END: Record<string, string> = { tr: "\n", li: "\n", td: " ", th: " " };
for (const block of ["p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"])
  TEXT_AT_END[block] = "\n\n";

/** Returns the index of the `>` that ends a tag, -1 if none does. A `>` in a quoted attribute value does not end it. */
function findTagEnd(source: string, at: number): number {
  const plain = source.indexOf(">", at);
  let close = plain;
  for (let from = at; close !== -1; ) {
    const quote = /= ?(["'])/.exec(source.slice(from, close));
    if (quote === null) return close;
    const end = source.indexOf(quote[1] as string, from + quote.index + quote[0].length);
    if (end === -1) break; // an unclosed quote is ignored
    from = end + 1;
    if (close < from) close = source.indexOf(">", from);
  }
  return plain;
}

/** Generates the text part of an email from its HTML. Links keep their URL, and line breaks separate block elements (T-121). */
export function htmlToText(html: string): string {
  const source = html.replace(/\s+/g, " ");
  let text = "";
  /** The open link: its URL, and the index at which its label starts in the text. */
  let link: { url: string; start: number } | null = null;
  // This is one pass from tag to tag, because patterns over the whole text took minutes for a few kilobytes of unclosed links.
  for (let at = 0; at < source.length; ) {
    const open = source.indexOf("<", at);
    text += source.slice(at, open === -1 ? source.length : open);
    if (open === -1) break;
    if (source.startsWith("<!--", open)) {
      const end = source.indexOf("-->", open + 4);
      if (end === -1) break;
      at = end + 3;
      continue;
    }
    if (!/[a-z/!?]/i.test(source[open + 1] ?? "")) {
      text += "<"; // not a tag, as in 1 < 2
      at = open + 1;
      continue;
    }
    const close = findTagEnd(source, open + 1);
    if (close === -1) {
      text += source.slice(open);
      break;
    }
    const tag = source.slice(open + 1, close);
    const [, slash, written = ""] = /^(\/?)([a-z][a-z0-9]*)/i.exec(source.slice(open + 1, open + 40)) ?? ["", "", ""];
    const name = written.toLowerCase();
    at = close + 1;
    if (slash === "" && SKIPPED_ELEMENTS.has(name)) {
      const ending = new RegExp(`</${name}`, "gi");
      ending.lastIndex = at;
      const end = ending.exec(source);
      if (end === null) break;
      at = end.index; // the end tag is read next
    } else if (name === "a") {
      if (link !== null) {
        const label = text.slice(link.start).trim();
        if (label === "" || label === link.url) text = text.slice(0, link.start) + link.url;
        else text = `${text.slice(0, link.start)}${label} (${link.url})`;
      }
      const href = slash === "" ? /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag) : null;
      const url = href?.[1] ?? href?.[2];
      link = url === undefined ? null : { url, start: text.length };
    } else if (name === "img") {
      const alt = /\balt\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag);
      text += alt?.[1] ?? alt?.[2] ?? "";
    } else {
      text += (slash === "" ? TEXT_AT_START : TEXT_AT_END)[name] ?? "";
    }
  }
  return decodeEntities(text)
    .split("\n")
    .map((line) => line.trim().replace(/ {2,}/g, " "))
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
