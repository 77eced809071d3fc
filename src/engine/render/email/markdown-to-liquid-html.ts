import type { renderMarkdown } from "../../liquid/filters/render-markdown.js";

const LIQUID_TOKEN =
  /\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}|\{\{[\s\S]*?\}\}|\{%(?:[^"'%]|"[^"]*"|'[^']*'|%(?!\}))*%\}/g;

/** A word that is in no source, so that what stands in for Liquid cannot be mistaken. */
function createUniqueWord(source: string): string {
  let word = "lq";
  while (source.includes(word)) word += "q";
  return word;
}

/**
 * Markdown of an e-mail's block → HTML with its Liquid whole: Markdown comes first here, Liquid when it is sent (T-130,
 * T-203 of real files). What is on a line of its own and prints nothing stands between blocks, and gets no paragraph.
 * `toHtml` is handed in: the Markdown package stays out of what is loaded late, where each of its modules would cost a start.
 */
export function markdownToLiquidHtml(source: string, toHtml: typeof renderMarkdown): string {
  const word = createUniqueWord(source);
  const liquidTokens: string[] = [];
  const markdown = source.replace(LIQUID_TOKEN, (whole: string, at: number) => {
    const index = liquidTokens.push(whole) - 1;
    const lineStart = source.lastIndexOf("\n", at - 1) + 1;
    const lineEnd = source.indexOf("\n", at + whole.length);
    const before = source.slice(lineStart, at);
    const after = source.slice(at + whole.length, lineEnd === -1 ? source.length : lineEnd);
    const isAlone = /^\{%(?!-?\s*raw\b)/.test(whole) && /^ {0,3}$/.test(before) && after.trim() === "";
    return isAlone ? `<!--${word}${index}x-->` : `${word}${index}x`;
  });
  const html = toHtml(markdown);
  return html.replace(
    new RegExp(`(?:<!--)?${word}(\\d+)x(?:-->)?`, "g"),
    (_all, index: string) => liquidTokens[Number(index)] as string,
  );
}
