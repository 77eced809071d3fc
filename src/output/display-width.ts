/**
 * Returns whether a character takes two columns: Chinese, Japanese and Korean characters, full-width forms, and emoji.
 */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Returns whether a letter combines with the previous one: accents, joiners and variation selectors. */
const hasNoWidth = (letter: string): boolean => /[\p{Mn}\p{Me}\p{Cf}]/u.test(letter);

function letterWidth(letter: string): number {
  const code = letter.codePointAt(0) as number;
  if (code < 0x300) return 1;
  return hasNoWidth(letter) ? 0 : isWide(code) ? 2 : 1;
}

/**
 * Returns the number of terminal columns that a text takes. The result is an approximation for tables that does not
 * need the full Unicode data.
 */
export function displayWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  return width;
}

export function padToWidth(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Truncates a text to a width in columns. An ellipsis is the last column. */
export function truncateToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let [kept, room] = ["", width - 1];
  for (const letter of text) {
    room -= letterWidth(letter);
    if (room < 0) break;
    kept += letter;
  }
  return `${kept}…`;
}
