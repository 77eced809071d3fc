/**
 * A page ends after the item with which its texts have this many bytes. A page of the largest items would exceed the memory of the
 * process and the length of a JavaScript string.
 */
export const PAGE_LIMITS = { bytes: 16 * 1024 * 1024 };

/** Returns the items of a page up to the limit of bytes: the first ones, or the last ones of a page that is read backward. */
export function limitPage<T>(items: readonly T[], isBackward: boolean, getBytes: (item: T) => number): T[] {
  const kept: T[] = [];
  let total = 0;
  for (const item of isBackward ? items.toReversed() : items) {
    if (total >= PAGE_LIMITS.bytes) break;
    kept.push(item);
    total += getBytes(item);
  }
  return isBackward ? kept.reverse() : kept;
}
