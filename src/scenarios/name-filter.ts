import { compileLinearPattern } from "../domain/data-schema/compile-linear-pattern.js";
import { KnockError } from "../errors/knock-error.js";

const PATTERN = /^\/(.+)\/$/;

/** Returns whether the text of `--filter` is /a pattern/. */
export const isNamePattern = (filter: string): boolean => PATTERN.test(filter);

function isRegularExpression(pattern: string): boolean {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns whether a name matches `--filter`: a part of it, or /a pattern/, in linear time. Throws `usage` for a pattern that is
 * invalid or needs backtracking.
 */
export function createNameFilter(filter: string | null): (name: string) => boolean {
  if (filter === null) return () => true;
  const [, pattern] = PATTERN.exec(filter) ?? [];
  if (pattern === undefined) return (name) => name.toLowerCase().includes(filter.toLowerCase());
  if (!isRegularExpression(pattern))
    throw new KnockError("usage", `--filter: ${filter} is not a regular expression`, {
      hint: "Use plain text to search for a part of the name.",
    });
  const matches = compileLinearPattern(pattern, { ignoreCase: true });
  if (matches === null)
    throw new KnockError("usage", `--filter: ${filter} is too large, or uses lookaround or a backreference`, {
      hint: "Use a simpler pattern, or plain text to search for a part of the name.",
    });
  return matches;
}
