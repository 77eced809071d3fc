import juice from "juice/client.js";
import { messageOf } from "../../../errors/knock-error.js";
import { RenderError } from "../../liquid/render-error.js";

/** Documents of different structure that are remembered, with their rules inlined. */
const MAX_REMEMBERED = 200;

/** Stand in for texts and addresses: characters for private use, which no e-mail has. */
const [OPEN, CLOSE] = ["\uE000", "\uE001"];
const STAND_IN = new RegExp(`${OPEN}(\\d+)${CLOSE}`, "g");

/** Comments, elements whose content is no text, then tags; what is between them is text. */
const TOKEN =
  /<!--[\s\S]*?-->|<(style|script|title|textarea)\b(?:[^<>"']|"[^"]*"|'[^']*')*>[\s\S]*?<\/\1\s*>?|<(?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const ADDRESS = /(\s(?:href|src|alt)\s*=\s*")([^"]*)"/gi;

/** Whether what starts also ends: patterns that look for an end which is not there take minutes for a hostile text. */
function isClosed(html: string): boolean {
  const lower = html.toLowerCase();
  return [["<!--", "-->"], ...["style", "script", "title", "textarea"].map((name) => [`<${name}`, `</${name}`])].every(
    ([start, end]) => lower.lastIndexOf(start as string) <= lower.lastIndexOf(end as string),
  );
}

/** A document by its structure alone, and the texts and addresses taken out of it; null where a tag is malformed. */
function structureOf(html: string): { structure: string; taken: string[] } | null {
  const taken: string[] = [];
  let isWhole = true;
  const takeText = (text: string): string => {
    isWhole &&= !/<[a-z/!?]/i.test(text);
    return text.trim() === "" ? text : take(text);
  };
  const take = (text: string): string => `${OPEN}${taken.push(text) - 1}${CLOSE}`;
  let structure = "";
  let at = 0;
  for (const token of html.matchAll(TOKEN)) {
    const [tag] = token;
    structure += takeText(html.slice(at, token.index));
    structure +=
      token[1] || tag.startsWith("<!") ? tag : tag.replace(ADDRESS, (_all, name, value) => `${name}${take(value)}"`);
    at = token.index + tag.length;
  }
  structure += takeText(html.slice(at));
  return isWhole ? { structure, taken } : null;
}

/** Elements in elements: the parser's work grows with the square of it, and its stack ends at some thousands. */
const MAX_NESTING = 1_000;
/** Elements that end by themselves, or have nothing in them. */
const SHORT =
  /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|d[td]|t[rdh]|tbody|thead|tfoot|option|colgroup)$/i;

/** Of a drawing, in which alone a slash ends an element where it starts; any other name leads out of it. */
const DRAWN =
  /^(svg|g|defs|path|circle|ellipse|line|rect|poly(line|gon)|use|stop|(linear|radial)gradient|clippath|mask|text|tspan|symbol)$/i;

/** Whether elements are nested deeper than any e-mail's; hostile data may be. */
function isNestedTooDeep(html: string): boolean {
  let depth = 0;
  let isDrawing = false;
  for (const [, slash, name = "", rest = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9:-]*)([^<>]*)/gi)) {
    if (SHORT.test(name)) continue;
    isDrawing = DRAWN.test(name) && (isDrawing || name.toLowerCase() === "svg");
    if (isDrawing && rest.endsWith("/")) continue;
    depth = slash === "/" ? Math.max(0, depth - 1) : depth + 1;
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

const TOO_DEEP = "its elements are nested too deep";

function inlined(html: string, extra: string | null): string {
  if (isNestedTooDeep(html)) throw new RenderError(`the CSS of the e-mail could not be inlined: ${TOO_DEEP}`);
  try {
    return extra === null
      ? juice(html)
      : juice(html, { applyStyleTags: false, removeStyleTags: false, extraCss: extra, insertPreservedExtraCss: true });
  } catch (error) {
    const fault = error instanceof RangeError ? TOO_DEEP : messageOf(error).split("\n")[0];
    throw new RenderError(`the CSS of the e-mail could not be inlined: ${fault}`, { cause: error });
  }
}

const remembered = new Map<string, string>();

/**
 * Writes the rules of `<style>` elements to the elements they are about (T-126); media queries, states and fonts stay
 * where they are. With `extra`, only those rules are written and the document's own styles stay.
 *
 * The e-mails of one workflow differ in their texts and addresses, on which no rule depends but one of attributes: so what
 * comes of a structure is remembered, and only filled in, a hundredth of the work.
 */
export function inlineCss(html: string, extra: string | null = null): string {
  if (html.includes(OPEN) || !isClosed(html)) return inlined(html, extra);
  const rules =
    extra ??
    [...html.matchAll(/<style\b(?:[^<>"']|"[^"]*"|'[^']*')*>([\s\S]*?)<\/style/gi)].map(([, css]) => css).join();
  const split = rules.includes("[") ? null : structureOf(html);
  if (split === null) return inlined(html, extra);
  const { structure, taken } = split;
  const key = `${extra ?? ""}${OPEN}${structure}`;
  let result = remembered.get(key);
  if (result === undefined) {
    result = inlined(structure, extra);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, result);
  }
  return result.replace(STAND_IN, (_all, index: string) => taken[Number(index)] as string);
}
