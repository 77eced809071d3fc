/** Matches one part of a pattern and its minimum number of repetitions. */
const PART = /(\\[dws.\-+/\\()[\]{}?*^$|]|\[\^?(?:\\.|[^\]\\])+\]|[^\\()[\]{}?*+^$|])(\{(\d+)(?:,\d*)?\}|[?*+])?/y;
const CLASSES: Record<string, string> = { "\\d": "1", "\\w": "a", "\\s": " ", ".": "a" };

/**
 * Returns a character that a part matches; for a class the first one that it lists, such as 0 for `[0-9A-F]`. Returns
 * null for negated classes.
 */
function pickCharacter(part: string): string | null {
  if (part in CLASSES) return CLASSES[part] ?? null;
  if (part.startsWith("[^")) return null;
  if (!part.startsWith("[")) return part.replace(/^\\/, "");
  const first = /^\[(\\.|.)/s.exec(part)?.[1] ?? "";
  return CLASSES[first] ?? first.replace(/^\\/, "");
}

/** Returns a text that matches a simple pattern without groups and alternatives. Returns null for other patterns. */
export function buildMatchingText(pattern: string): string | null {
  const body = pattern.replace(/^\^/, "").replace(/\$$/, "");
  const parts = new RegExp(PART);
  let text = "";
  let at = 0;
  while (at < body.length) {
    parts.lastIndex = at;
    const match = parts.exec(body);
    const member = match === null ? null : pickCharacter(match[1] ?? "");
    if (match === null || member === null) return null;
    const times = match[3] === undefined ? (match[2] === "?" || match[2] === "*" ? 0 : 1) : Number(match[3]);
    text += member.repeat(Math.min(times, 200));
    at += match[0].length;
  }
  try {
    return new RegExp(pattern, "u").test(text) ? text : null;
  } catch {
    return null;
  }
}
