import juice from "juice/client.js";
import { getErrorMessage } from "../../../errors/knock-error.js";
import { createUniqueWord } from "../../../util/create-unique-word.js";
import { SizedCache } from "../../../util/sized-cache.js";
import { RenderError } from "../../liquid/liquid-errors.js";

/** Delimit the placeholders for texts and URLs. They are private-use characters, which emails do not contain. */
const PLACEHOLDER_START = "\uE000";
const PLACEHOLDER_END = "\uE001";
const PLACEHOLDER = new RegExp(`${PLACEHOLDER_START}(\\d+)${PLACEHOLDER_END}`, "g");

/** Matches comments, then elements whose content is not text, then tags. Everything between matches is text. */
const HTML_TOKEN =
  /<!--[\s\S]*?-->|<(style|script|title|textarea)\b(?:[^<>"']|"[^"]*"|'[^']*')*>[\s\S]*?<\/\1\s*>?|<(?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const URL_ATTRIBUTE = /(\s(?:href|src|alt)\s*=\s*")([^"]*)"/gi;

/** Returns whether comments and raw-text elements are closed. If not, patterns can take minutes for a malicious document. */
function isClosed(html: string): boolean {
  const lower = html.toLowerCase();
  return [["<!--", "-->"], ...["style", "script", "title", "textarea"].map((name) => [`<${name}`, `</${name}`])].every(
    ([start, end]) => lower.lastIndexOf(start as string) <= lower.lastIndexOf(end as string),
  );
}

/** Replaces the texts and URLs of a document with placeholders, so that its structure remains. Null if a tag is malformed. */
function extractStructure(html: string): { structure: string; texts: string[] } | null {
  const texts: string[] = [];
  let isWellFormed = true;
  const takeText = (text: string): string => {
    isWellFormed &&= !/<[a-z/!?]/i.test(text);
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
  return isWellFormed ? { structure, texts } : null;
}

/** Limits nested elements. The parser's time grows with the square of the depth, and its stack overflows at some thousands. */
const MAX_NESTING = 1_000;
/** Elements that the parser closes by itself, and elements without content. They are not counted as nested. */
const UNNESTED_ELEMENTS =
  /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|d[td]|t[rdh]|tbody|thead|tfoot|option|colgroup)$/i;

/** Elements of SVG. Only in SVG does `/>` close an element. An element with another name ends the SVG. */
const SVG_ELEMENTS =
  /^(svg|g|defs|path|circle|ellipse|line|rect|poly(line|gon)|use|stop|(linear|radial)gradient|clippath|mask|text|tspan|symbol)$/i;

/** Returns whether elements are nested deeper than the limit, which only malicious data is. */
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

// Liquid is already rendered, so text that looks like a template is data. juice would search the document for each of them.
for (const name of Object.keys(juice.codeBlocks)) delete juice.codeBlocks[name];

/**
 * Inlines the CSS of HTML that is not a document in an element of its own. With many elements at the top level, juice takes a
 * time that grows with the square of their number.
 */
function inlineInWrapper(html: string, inline: (html: string) => string): string {
  if (/<html[\s>]/i.test(html)) return inline(html);
  const name = createUniqueWord("kept-", html);
  const start = `<!--${name}-->`;
  const inlined = inline(`<${name}>${start}${html}</${name}>`);
  return inlined.slice(inlined.indexOf(start) + start.length, inlined.lastIndexOf(`</${name}>`));
}

const STYLE_ATTRIBUTE = /(\sstyle\s*=\s*)(?:"([^"]*)"|'([^']*)')/gi;
const QUOTE = /"|&(?:quot|apos|#0*(?:34|39)|#x0*2[27]);/gi;
/** Matches the text between semicolons that are not in brackets, such as those of a URL. */
const DECLARATION = /(?:[^;()]|\([^()]*\))+/g;

/** Returns whether a declaration has a name and a value, and no quote, comment or block that is not closed. */
const isDeclaration = (text: string): boolean =>
  /^\s*[-\w]+\s*:\s*\S/.test(text) && !/[{}]|\/\*/.test(text) && text.split("'").length % 2 === 1;

/**
 * Removes invalid declarations from style attributes, which browsers ignore, such as `color:` of an empty variable. juice
 * fails for them, and for quotes that are written as entities.
 */
function removeInvalidDeclarations(html: string): string {
  const repair = (_all: string, name: string, double = "", single = ""): string => {
    const declarations = ((double || single).replace(QUOTE, "'").match(DECLARATION) ?? []).filter(isDeclaration);
    return `${name}"${declarations.join(";")}"`;
  };
  return html.replace(HTML_TOKEN, (tag, raw) =>
    raw || tag.startsWith("<!") ? tag : tag.replace(STYLE_ATTRIBUTE, repair),
  );
}

const TOO_DEEP_MESSAGE = "its elements are nested too deep";

function callJuice(html: string, extraCss: string | null): string {
  return inlineInWrapper(html, (wrapped) =>
    extraCss === null
      ? juice(wrapped)
      : juice(wrapped, {
          applyStyleTags: false,
          removeStyleTags: false,
          extraCss: extraCss,
          insertPreservedExtraCss: true,
        }),
  );
}

function runJuice(html: string, extraCss: string | null): string {
  if (isNestedTooDeeply(html)) throw new RenderError(`the CSS of the email could not be inlined: ${TOO_DEEP_MESSAGE}`);
  try {
    try {
      return callJuice(html, extraCss);
    } catch (error) {
      const repaired = error instanceof TypeError ? removeInvalidDeclarations(html) : html;
      if (repaired === html) throw error;
      return callJuice(repaired, extraCss);
    }
  } catch (error) {
    const problem = error instanceof RangeError ? TOO_DEEP_MESSAGE : getErrorMessage(error).split("\n")[0];
    throw new RenderError(`the CSS of the email could not be inlined: ${problem}`, { cause: error });
  }
}

const inlinedByStructure = new SizedCache<string>(50_000_000);

/**
 * Inlines the rules of `<style>` elements in the elements that they apply to. Media queries, pseudo-classes and fonts stay
 * in place. With `extraCss`, only those rules are inlined, and the document's own styles stay (T-126).
 *
 * The emails of one workflow differ only in texts and URLs, on which no rule depends except attribute selectors. Therefore
 * the result for a structure is cached and its placeholders are filled, which takes a hundredth of the time.
 */
export function inlineCss(html: string, extraCss: string | null = null): string {
  if (html.includes(PLACEHOLDER_START) || !isClosed(html)) return runJuice(html, extraCss);
  const rules =
    extraCss ??
    [...html.matchAll(/<style\b(?:[^<>"']|"[^"]*"|'[^']*')*>([\s\S]*?)<\/style/gi)].map(([, css]) => css).join();
  const split = rules.includes("[") ? null : extractStructure(html);
  if (split === null) return runJuice(html, extraCss);
  const { structure, texts } = split;
  const key = `${extraCss ?? ""}${PLACEHOLDER_START}${structure}`;
  let result = inlinedByStructure.get(key);
  if (result === undefined) {
    result = runJuice(structure, extraCss);
    inlinedByStructure.set(key, result, 2 * result.length);
  }
  return result.replace(PLACEHOLDER, (_all, index: string) => texts[Number(index)] as string);
}
