/**
 * Characters that a reader cannot see, or that reorder text: control characters, line separators, and format characters
 * such as marks of direction and zero-width spaces. Joiners are kept, because emoji and several scripts need them.
 */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

const toEscape = (character: string): string => {
  const hex = (character.codePointAt(0) as number).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
};

/** Escapes invisible characters and line breaks, so that a text is one line that shows what it contains. */
export const escapeInvisible = (text: string): string => text.toWellFormed().replace(INVISIBLE, toEscape);

/** Escapes invisible characters of a line of a longer text, in which tabs are usual. */
export const escapeInvisibleInLine = (line: string): string => line.split("\t").map(escapeInvisible).join("\t");
