import { escapeHtml } from "./escape-html.js";
import { escapeInvisible, escapeInvisibleInLine } from "./escape-invisible.js";

/** Returns the length of the longest series of backquotes. */
const countBackquotes = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));

/**
 * Puts text in backquotes, with more of them than the text contains. Code hosts look for mentions, links and references
 * everywhere except in code, and a backslash or an entity does not stop them.
 */
export function formatCode(text: string): string {
  const line = escapeInvisible(text);
  const longest = countBackquotes(line);
  const fence = "`".repeat(longest + 1);
  // Without the spaces, a backquote would belong to the fence, and an empty text would be two backquotes.
  return longest > 0 || line.trim() === "" || /^ .* $/.test(line)
    ? `${fence} ${line} ${fence}`
    : `${fence}${line}${fence}`;
}

/** Puts text in backquotes for a cell of a table. A line would be split at `|` even in code. */
export function formatCodeCell(text: string): string {
  // Code hosts disagree about a backslash before an escaped `|`.
  return formatCode(text.replaceAll("\\|", "\\ |")).replaceAll("|", "\\|");
}

/** Returns text as code in HTML, for elements whose content is not Markdown. */
export const formatHtmlCode = (text: string): string => `<code>${escapeHtml(escapeInvisible(text))}</code>`;

/** Returns lines as a block of code, with a longer fence than any series of backquotes in them. */
export function formatCodeBlock(lines: readonly string[], language: string): string[] {
  const shown = lines.map(escapeInvisibleInLine);
  const fence = "`".repeat(Math.max(3, ...shown.map((line) => countBackquotes(line) + 1)));
  return [`${fence}${language}`, ...shown, fence];
}

/** Punctuation before and after a word. */
const OPENING = `"'(“‘`;
const CLOSING = `"')”’.,:;!?…`;
const PLAIN_WORD = /^\p{L}[\p{L}\p{M}’']{0,40}$/u;
const NUMBER = /^(?:\d{1,6}|\d{1,3}(?:,\d{3})+)(?:\.\d{1,3})?%?$/;
const SYMBOL = /^[→–—·×]$/;
/** A code host links letters that can be the ID of a commit. */
const COMMIT = /^[0-9a-f]{7,}$/i;

/** The only compound of our sentences. Other compounds can be references to tickets, such as `ABC-12`. */
const COMPOUND = "in-app";

/** Returns whether a word means nothing to Markdown and to code hosts. */
const isPlain = (word: string): boolean =>
  (PLAIN_WORD.test(word) && !COMMIT.test(word)) || NUMBER.test(word) || SYMBOL.test(word) || word === COMPOUND;

/** Splits a token into the word and the punctuation around it. */
function splitToken(token: string): { open: string; word: string; close: string } {
  let start = 0;
  let end = token.length;
  while (start < end && OPENING.includes(token[start] as string)) start++;
  while (end > start && CLOSING.includes(token[end - 1] as string)) end--;
  return { open: token.slice(0, start), word: token.slice(start, end), close: token.slice(end) };
}

/**
 * Returns a sentence as Markdown. Everything except words, numbers and punctuation becomes code, so that names in it are
 * neither markup nor mentions or links.
 */
export function formatSentence(text: string, toCode = formatCode): string {
  const parts: { open: string; word: string; close: string; isCode: boolean }[] = [];
  for (const [index, token] of text.split(/\s+/).filter(Boolean).entries()) {
    const { open, word, close } = splitToken(token);
    // A number with a period at the start would begin a list.
    const canStart = index > 0 || close === "" || PLAIN_WORD.test(word);
    const isPlainToken = (word === "" ? open === "" : isPlain(word)) && canStart;
    const last = parts.at(-1);
    if (isPlainToken) parts.push({ open, word, close, isCode: false });
    else if (word === "") parts.push({ open: "", word: token, close: "", isCode: true });
    else if (last?.isCode && last.close === "" && open === "") {
      last.word += ` ${word}`;
      last.close = close;
    } else parts.push({ open, word, close, isCode: true });
  }
  return parts.map(({ open, word, close, isCode }) => `${open}${isCode ? toCode(word) : word}${close}`).join(" ");
}
