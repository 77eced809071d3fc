import juice from "juice/client.js";
import { getErrorMessage } from "../../../errors/knock-error.js";
import { RenderError } from "../../liquid/render-error.js";

/** Documents of different structure that are remembered, with their rules inlined. */
const MAX_CACHED_DOCUMENTS = 200;

/** Stand in for texts and addresses: characters for private use, which no e-mail has. */
const [PLACEHOLDER_START, PLACEHOLDER_END] = ["\uE000", "\uE001"];
const PLACEHOLDER = new RegExp(`${PLACEHOLDER_START}(\\d+)${PLACEHOLDER_END}`, "g");

/** Comments, elements whose content is no text, then tags; what is between them is text. */
const HTML_TOKEN =
  /<!--[\s\S]*?-->|<(style|script|title|textarea)\b(?:[^<>"']|"[^"]*"|'[^']*')*>[\s\S]*?<\/\1\s*>?|<(?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const URL_ATTRIBUTE = /(\s(?:href|src|alt)\s*=\s*")([^"]*)"/gi;

/** Whether what starts also ends: patterns that look for an end which is not there take minutes for a hostile text. */
function isClosed(html: string): boolean {
  const lower = html.toLowerCase();
  return [["<!--", "-->"], ...["style", "script", "title", "textarea"].map((name) => [`<${name}`, `</${name}`])].every(
    ([start, end]) => lower.lastIndexOf(start as string) <= lower.lastIndexOf(end as string),
  );
}

/** A document by its structure alone, and the texts and addresses taken out of it; null where a tag is malformed. */
function extractStructure(html: string): { structure: string; texts: string[] } | null {
  const texts: string[] = [];
  let isWhole = true;
  const takeText = (text: string): string => {
    isWhole &&= !/<[a-z/!?]/i.test(text);
    return text.trim() === "" ? text : take(text);
  };
  const take = (text: string): string => `${PLACEHOLDER_START}${texts.push(text) - 1}${PLACEHOLDER_END}`;
  let structure = "";
  let at = 0;
  for (const token of html.matchAll(HTML_TOKEN)) {
    const [tag] = token;
    structure += takeText(html.slice(at, token.index));
    structure +=
      token[1] || tag.startsWith("<!")
        ? tag
        : tag.replace(URL_ATTRIBUTE, (_all, name, value) => `${name}${take(value)}"`);
    at = token.index + tag.length;
  }
  structure += takeText(html.slice(at));
  return isWhole ? { structure, texts } : null;
}

/** Elements in elements: the parser's work grows with the square of it, and its stack ends at some thousands. */
const MAX_NESTING = 1_000;
/** Elements that end by themselves, or have nothing in them. */
const UNNESTED_ELEMENTS =
  /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|d[td]|t[rdh]|tbody|thead|tfoot|option|colgroup)$/i;

/** Of a drawing, in which alone a slash ends an element where it starts; any other name leads out of it. */
const SVG_ELEMENTS =
  /^(svg|g|defs|path|circle|ellipse|line|rect|poly(line|gon)|use|stop|(linear|radial)gradient|clippath|mask|text|tspan|symbol)$/i;

/** Whether elements are nested deeper than any e-mail's; hostile data may be. */
function isNestedTooDeeply(html: string): boolean {
  let depth = 0;
  let isDrawing = false;
  for (const [, slash, name = "", rest = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9:-]*)([^<>]*)/gi)) {
    if (UNNESTED_ELEMENTS.test(name)) continue;
    isDrawing = SVG_ELEMENTS.test(name) && (isDrawing || name.toLowerCase() === "svg");
    if (isDrawing && rest.endsWith("/")) continue;
    depth = slash === "/" ? Math.max(0, depth - 1) : depth + 1;
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

const TOO_DEEP_MESSAGE = "its elements are nested too deep";

function runJuice(html: string, extraCss: string | null): string {
  if (isNestedTooDeeply(html)) throw new RenderError(`the CSS of the e-mail could not be inlined: ${TOO_DEEP_MESSAGE}`);
  try {
    return extraCss === null
      ? juice(html)
      : juice(html, {
          applyStyleTags: false,
          removeStyleTags: false,
          extraCss: extraCss,
          insertPreservedExtraCss: true,
        });
  } catch (error) {
    const fault = error instanceof RangeError ? TOO_DEEP_MESSAGE : getErrorMessage(error).split("\n")[0];
    throw new RenderError(`the CSS of the e-mail could not be inlined: ${fault}`, { cause: error });
  }
}

const inlinedByStructure = new Map<string, string>();

/**
 * Writes the rules of `<style>` elements to the elements they are about (T-126); media queries, states and fonts stay
 * where they are. With `extra`, only those rules are written and the document's own styles stay.
 *
 * The e-mails of one workflow differ in their texts and addresses, on which no rule depends but one of attributes: so what
 * comes of a structure is remembered, and only filled in, a hundredth of the work.
 */
export function inlineCss(html: string, extraCss: string | null = null): string {
  if (html.includes(PLACEHOLDER_START) || !isClosed(html)) return runJuice(html, extraCss);
  const rules =
    extraCss ??
    [...html.matchAll(/<style\b(?:[^<>"']|"[^"]*"|'[^']*')*>([\s\S]*?)<\/style/gi)].map(([, css]) => css).join();
  const split = rules.includes("[") ? null : extractStructure(html);
  if (split === null) return runJuice(html, extraCss);
  const { structure, texts: taken } = split;
  const key = `${extraCss ?? ""}${PLACEHOLDER_START}${structure}`;
  let result = inlinedByStructure.get(key);
  if (result === undefined) {
    result = runJuice(structure, extraCss);
    if (inlinedByStructure.size >= MAX_CACHED_DOCUMENTS) inlinedByStructure.clear();
    inlinedByStructure.set(key, result);
  }
  return result.replace(PLACEHOLDER, (_all, index: string) => taken[Number(index)] as string);
}
