import juice from "juice/client.js";
import { messageOf } from "../../errors/knock-error.js";
import { RenderError } from "./render-error.js";

/** Documents of different structure that are remembered, with their rules inlined. */
const MAX_REMEMBERED = 200;

/** Stand in for texts and addresses: characters for private use, which no e-mail has. */
const [OPEN, CLOSE] = ["\uE000", "\uE001"];
const STAND_IN = new RegExp(`${OPEN}(\\d+)${CLOSE}`, "g");

/** Comments, elements whose content is no text, then tags; what is between them is text. */
const TOKEN = /<!--[\s\S]*?-->|<(style|script|title|textarea)\b[^>]*>[\s\S]*?<\/\1\s*>|<(?:[^>"']|"[^"]*"|'[^']*')*>/gi;
const ADDRESS = /(\s(?:href|src|alt)\s*=\s*")([^"]*)"/gi;

/** A document by its structure alone, and the texts and addresses taken out of it. */
function structureOf(html: string): { structure: string; taken: string[] } {
  const taken: string[] = [];
  const take = (text: string): string => `${OPEN}${taken.push(text) - 1}${CLOSE}`;
  let structure = "";
  let at = 0;
  for (const token of html.matchAll(TOKEN)) {
    const [tag] = token;
    const text = html.slice(at, token.index);
    structure += text.trim() === "" ? text : take(text);
    structure +=
      token[1] || tag.startsWith("<!") ? tag : tag.replace(ADDRESS, (_all, name, value) => `${name}${take(value)}"`);
    at = token.index + tag.length;
  }
  const rest = html.slice(at);
  return { structure: structure + (rest.trim() === "" ? rest : take(rest)), taken };
}

function inlined(html: string, extra: string | null): string {
  try {
    return extra === null
      ? juice(html)
      : juice(html, { applyStyleTags: false, removeStyleTags: false, extraCss: extra, insertPreservedExtraCss: true });
  } catch (error) {
    throw new RenderError(`the CSS of the e-mail could not be inlined: ${messageOf(error).split("\n")[0]}`, {
      cause: error,
    });
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
  const rules = extra ?? [...html.matchAll(/<style\b[^>]*>([\s\S]*?)<\/style/gi)].map(([, css]) => css).join();
  if (rules.includes("[") || html.includes(OPEN)) return inlined(html, extra);
  const { structure, taken } = structureOf(html);
  const key = `${extra ?? ""}${OPEN}${structure}`;
  let result = remembered.get(key);
  if (result === undefined) {
    result = inlined(structure, extra);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, result);
  }
  return result.replace(STAND_IN, (_all, index: string) => taken[Number(index)] as string);
}
