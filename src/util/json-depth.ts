/** Whether JSON is nested deeper than so many levels. Iterative: whatever recurses over such a value must not meet it. */
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
