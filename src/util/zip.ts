/** Returns the pairs of items at the same positions. Throws if the lists differ in length. */
export function zip<One, Other extends NonNullable<unknown>>(
  ones: readonly One[],
  others: readonly Other[],
): [One, Other][] {
  return ones.map((one, index) => {
    const other = others[index];
    if (other === undefined || ones.length !== others.length) throw new Error("the lists differ in length");
    return [one, other];
  });
}
