import { createUniqueWord } from "../../../util/create-unique-word.js";
import type { renderMarkdown } from "../../liquid/filters/render-markdown.js";

/** Matches Liquid. A token that is not closed ends with the text, so that the text is not searched for each start; the parser then rejects it. */
const LIQUID_TOKEN =
  /\{%-?\s*raw\s*-?%\}[\s\S]*?(?:\{%-?\s*endraw\s*-?%\}|$)|\{\{[\s\S]*?(?:\}\}|$)|\{%(?:[^"'%]|"[^"]*"|'[^']*'|%(?!\}))*(?:%\}|$)/g;
const REST_OF_BLANK_LINE = /[^\S\n]*(?:\n|$)/y;

/**
 * Converts the Markdown of an email block to HTML and keeps its Liquid, which is rendered later. A tag on a line of its own
 * prints nothing, so it is kept between blocks and does not become a paragraph. `toHtml` is passed in because this file is
 * loaded with `import()`: the bundler wraps all modules that such a file imports, and wrapping those of the Markdown package
 * would slow down each start (T-130, T-203 (real files)).
 */
export function markdownToLiquidHtml(source: string, toHtml: typeof renderMarkdown): string {
  const word = createUniqueWord("lq", source);
  const liquidTokens: string[] = [];
  const markdown = source.replace(LIQUID_TOKEN, (token: string, at: number) => {
    const index = liquidTokens.push(token) - 1;
    const before = at < 4 ? `\n${source.slice(0, at)}` : source.slice(at - 4, at);
    REST_OF_BLANK_LINE.lastIndex = at + token.length;
    const isAlone = /^\{%(?!-?\s*raw\b)/.test(token) && /\n {0,3}$/.test(before) && REST_OF_BLANK_LINE.test(source);
    return isAlone ? `<!--${word}${index}x-->` : `${word}${index}x`;
  });
  const html = toHtml(markdown);
  return html.replace(
    new RegExp(`(?:<!--)?${word}(\\d+)x(?:-->)?`, "g"),
    (_all, index: string) => liquidTokens[Number(index)] as string,
  );
}
