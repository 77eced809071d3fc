import { KnockError } from "../../errors/knock-error.js";

const PATTERN = /^\/(.+)\/$/;

/** Returns whether the text of `--filter` is /a pattern/. */
export const isNamePattern = (filter: string): boolean => PATTERN.test(filter);

/** Returns whether a name matches `--filter`: a part of it, or /a pattern/. Throws `usage` for an invalid pattern. */
export function createNameFilter(filter: string | null): (name: string) => boolean {
  if (filter === null) return () => true;
  const [, pattern] = PATTERN.exec(filter) ?? [];
  if (pattern === undefined) return (name) => name.toLowerCase().includes(filter.toLowerCase());
  try {
    const expression = new RegExp(pattern, "iu");
    return (name) => expression.test(name);
  } catch {
    throw new KnockError("usage", `--filter: ${filter} is not a regular expression`, {
      hint: "Use plain text to search for a part of the name.",
    });
  }
}
