import { type Correction, correctWord } from "../util/find-nearest.js";

/** JSON numbers and literals, which need no quotes. */
const UNQUOTED_LITERAL = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/** Quotes a word for a shell if it needs quotes. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns a hint for the value of `--set` if it is not `path=text` or `path:=json` in one word, such as `from: Grace`,
 * `from = Grace` and `from=Grace Hopper`; undefined if it names no path.
 */
export function suggestSet(typed: string): Correction | undefined {
  const path = /^[^\s=:]+/.exec(typed)?.[0] ?? "";
  const rest = typed.slice(path.length);
  const operator = /^(?::=|=|:)/.exec(rest.trimStart())?.[0] ?? "";
  const value = rest.trimStart().slice(operator.length).trim();
  if (path === "" || value === "") return undefined;
  const isJson = operator === ":=" && UNQUOTED_LITERAL.test(value);
  const meant = `${path}${isJson ? ":=" : "="}${value}`;
  const flag = `--set ${quoteForShell(meant)}`;
  const isUnquoted = operator === "=" && rest === `=${value}`;
  return correctWord(typed, meant, isUnquoted ? `Put the value in quotes: ${flag}` : `Did you mean ${flag}?`);
}

/**
 * Returns whether a word looks like JSON whose quotes a shell removed, such as `{page:` or, after brace expansion,
 * `page:Home`.
 */
export function looksUnquoted(word: string): boolean {
  return /^\{?\s*[A-Za-z_$][\w$.-]*\s*:(?!\/\/)/.test(word);
}

/** Returns the JSON that was typed before a shell removed its double quotes, or null if the text is something else. */
function restoreQuotes(words: readonly string[]): string | null {
  // Bash expands {"a":1,"b":2} to two words.
  const isExpanded = words.every((word) => /^[\w$.-]+:[^{}[\]]*$/.test(word));
  const text = isExpanded ? `{${words.join(",")}}` : words.join(" ");
  const restored = text
    .replace(/([{,]\s*)([A-Za-z_$][\w$.-]*)\s*:/g, '$1"$2":')
    .replace(/([:[,]\s*)([^\s"{}[\],:][^"{}[\],]*)(?=[,}\]])/g, (match, before: string, value: string) =>
      UNQUOTED_LITERAL.test(value.trim()) ? match : `${before}"${value.trim()}"`,
    );
  try {
    JSON.parse(restored);
    return restored;
  } catch {
    return null;
  }
}

/**
 * Returns a hint with the quoted form of a flag's JSON whose quotes a shell removed. `words` are the flag's value and
 * the words after it.
 */
export function suggestQuotes(flag: string, words: readonly string[]): string {
  const restored = restoreQuotes(words);
  const example = restored === null ? `{"page":"Home"}` : restored.replaceAll("'", "'\\''");
  return `The shell removed the quotes of the JSON. ${restored === null ? "For example" : "Quote it"}: ${flag} '${example}'`;
}
