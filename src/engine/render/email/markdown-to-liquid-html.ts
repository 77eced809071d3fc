import type { renderMarkdown } from "../../liquid/filters/render-markdown.js";

const LIQUID_TOKEN =
  /\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}|\{\{[\s\S]*?\}\}|\{%(?:[^"'%]|"[^"]*"|'[^']*'|%(?!\}))*%\}/g;

/** Returns a word that is not in the source, so that placeholders for Liquid are unambiguous. */
function createUniqueWord(source: string): string {
  let word = "lq";
  while (source.includes(word)) word += "q";
  return word;
}

/**
 * Converts the Markdown of an email block to HTML and keeps its Liquid, which is rendered later. A tag on a line of its own
 * prints nothing, so it is kept between blocks and does not become a paragraph. `toHtml` is passed in because this file is
 * loaded with `import()`: the bundler wraps all modules that such a file imports, and wrapping those of the Markdown package
 * would slow down each start (T-130, T-203 (real files)).
 */
export function markdownToLiquidHtml(source: string, toHtml: typeof renderMarkdown): string {
  const word = createUniqueWord(source);
  const liquidTokens: string[] = [];
  const markdown = source.replace(LIQUID_TOKEN, (token: string, at: number) => {
    const index = liquidTokens.push(token) - 1;
    const lineStart = source.lastIndexOf("\n", at - 1) + 1;
    const lineEnd = source.indexOf("\n", at + token.length);
    const before = source.slice(lineStart, at);
    const after = source.slice(at + token.length, lineEnd === -1 ? source.length : lineEnd);
    const isAlone = /^\{%(?!-?\s*raw\b)/.test(token) && /^ {0,3}$/.test(before) && after.trim() === "";
    return isAlone ? `<!--${word}${index}x-->` : `${word}${index}x`;
  });
  const html = toHtml(markdown);
  return html.replace(
    new RegExp(`(?:<!--)?${word}(\\d+)x(?:-->)?`, "g"),
    (_all, index: string) => liquidTokens[Number(index)] as string,
  );
}
