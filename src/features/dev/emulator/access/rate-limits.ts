/** The rate limit tier of an operation. */
export type Tier = 1 | 2 | 3 | 4 | 5;

/** The number of calls per second that each tier allows. */
const CALLS_PER_SECOND: Record<Tier, number> = { 1: 1, 2: 5, 3: 60, 4: 200, 5: 1_000 };

const SECOND_MS = 1_000;

/** Counts the calls of each operation by caller and whole second, and the changes of each message. */
export class RateLimits {
  private readonly counters = new Map<string, { second: number; calls: number }>();

  /**
   * Counts a call and returns whether it is within the limit. `scope` identifies the operation and the caller; `now` is
   * in milliseconds.
   */
  tryCall(scope: string, tier: Tier, now: number): boolean {
    return this.tryCount(scope, CALLS_PER_SECOND[tier], now);
  }

  /** Returns the IDs that were already changed in this second. Each message can be changed once per second. */
  findLimitedIds(action: string, ids: readonly string[], now: number): string[] {
    return ids.filter((id) => !this.tryCount(`${action} ${id}`, 1, now));
  }

  private tryCount(key: string, limit: number, now: number): boolean {
    const second = Math.floor(now / SECOND_MS);
    const entry = this.counters.get(key);
    if (entry?.second === second) return ++entry.calls <= limit;
    this.deleteCountersBefore(second);
    this.counters.set(key, { second, calls: 1 });
    return true;
  }

  /** Deletes counters of earlier seconds, which are no longer needed, once there are 10,000. */
  private deleteCountersBefore(second: number): void {
    if (this.counters.size < 10_000) return;
    for (const [key, entry] of this.counters) if (entry.second < second) this.counters.delete(key);
  }
}
