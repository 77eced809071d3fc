const SECOND_MS = 1_000;

/** The calls of each key in the current second. */
export interface CallCounts {
  /** In the order of the keys. */
  calls: number[];
  /** Milliseconds until the next second, in which all counts begin at 0. */
  resets_in_ms: number;
}

/** Counts the calls of this process by key and whole second. */
export class CallCounter {
  private second = Number.NEGATIVE_INFINITY;
  private readonly counts = new Map<string, number>();

  /** Counts a call of each key. `now` is in milliseconds. */
  count(keys: readonly string[], now: number): CallCounts {
    const second = Math.floor(now / SECOND_MS);
    if (second !== this.second) this.counts.clear();
    this.second = second;
    const calls = keys.map((key) => {
      const count = (this.counts.get(key) ?? 0) + 1;
      this.counts.set(key, count);
      return count;
    });
    return { calls, resets_in_ms: (second + 1) * SECOND_MS - now };
  }
}
