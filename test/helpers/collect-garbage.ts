import { setImmediate as nextRound } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/** Collects garbage at once. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/**
 * Ends closed connections to SQLite stores for good. The packaged driver keeps their locks until their statements are collected,
 * so that a later command in the same process could take them for those of another process.
 */
export async function releaseClosedStores(): Promise<void> {
  collectGarbage();
  await nextRound(); // finalizers run after the collection
}
