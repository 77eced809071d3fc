/** The words before the cursor, without the program: complete ones, and the beginning of the one that is completed. */
export interface CommandLine {
  words: string[];
  current: string;
  /** Whether the cursor is inside quotes. */
  isQuoted: boolean;
}

/** Environment variables that precede the program, such as `KNOCK_TARGET=remote knock`. */
const ASSIGNMENT = /^\w+=/;

/** Splits a command line as a shell does: quotes and backslashes are removed. */
export function parseCommandLine(line: string): CommandLine {
  const words: string[] = [];
  let current: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote !== null) {
      if (character === quote) quote = null;
      else current += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      current ??= "";
    } else if (character === "\\" && at + 1 < line.length) {
      at++;
      current = (current ?? "") + line.charAt(at);
    } else if (/\s/.test(character)) {
      if (current !== null) words.push(current);
      current = null;
    } else current = (current ?? "") + character;
  }
  const program = words.findIndex((word) => !ASSIGNMENT.test(word));
  return { words: words.slice(program + 1), current: current ?? "", isQuoted: quote !== null };
}
