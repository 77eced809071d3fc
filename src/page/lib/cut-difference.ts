/** The characters that two texts have in common and that are shown around their difference. */
const CONTEXT_LENGTH = 60;

/** Returns two texts without most of their common beginning and end, so that the difference of long texts is visible. */
export function cutDifference(before: string, after: string): [before: string, after: string] {
  const length = Math.min(before.length, after.length);
  let start = 0;
  while (start < length && before[start] === after[start]) start++;
  let end = 0;
  while (end < length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const from = Math.max(0, start - CONTEXT_LENGTH);
  const kept = Math.max(0, end - CONTEXT_LENGTH);
  const cut = (text: string): string =>
    `${from > 0 ? "…" : ""}${text.slice(from, text.length - kept)}${kept > 0 ? "…" : ""}`;
  return [cut(before), cut(after)];
}
