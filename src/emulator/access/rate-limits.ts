/** How many calls a second an operation takes. */
export type Tier = 1 | 2 | 3 | 4 | 5;

/** */
const CALLS_PER_SECOND: Record<Tier, number> = { 1: 1, 2: 5, 3: 60, 4: 200, 5: 1_000 };

const SECOND_MS = 1_000;

/** Counts calls of an operation by whom they are for, in whole seconds, and changes of messages. */
export class RateLimits {
  private readonly counters = new Map<string, { second: number; calls: number }>();

  /** Whether one more may pass. `scope` is the operation and who calls; `now` in milliseconds. */
  tryCall(scope: string, tier: Tier, now: number): boolean {
    return this.tryCount(scope, CALLS_PER_SECOND[tier], now);
  }

  /** Those of the ids that have been changed within this second: one change a second each. */
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

  /** What was counted in earlier seconds says nothing any more. */
  private deleteCountersBefore(second: number): void {
    if (this.counters.size < 10_000) return;
    for (const [key, entry] of this.counters) if (entry.second < second) this.counters.delete(key);
  }
}
