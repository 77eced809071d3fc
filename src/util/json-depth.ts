/** Returns whether JSON is nested deeper than `levels`. Iterative, because recursive code must not receive such a value. */
export function isDeeperThan(root: unknown, levels: number): boolean {
  let level: object[] = typeof root === "object" && root !== null ? [root] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= levels) return true;
    level = level.flatMap((value) =>
      Object.values(value).filter((child): child is object => typeof child === "object" && child !== null),
    );
  }
  return false;
}
