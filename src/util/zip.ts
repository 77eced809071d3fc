/** Returns the pairs of items at the same positions. Throws if the lists differ in length, which is a bug. */
export function zip<One, Other extends NonNullable<unknown>>(
  ones: readonly One[],
  others: readonly Other[],
): [One, Other][] {
  if (ones.length !== others.length) throw new Error("the lists differ in length");
  const pairs: [One, Other][] = [];
  for (const one of ones) {
    const other = others[pairs.length];
    if (other !== undefined) pairs.push([one, other]);
  }
  return pairs;
}
