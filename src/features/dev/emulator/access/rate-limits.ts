import { createHash } from "node:crypto";
import type { StoreControl } from "../../../../ports/store-control.js";

/** The rate limit tier of an operation. */
export type Tier = 1 | 2 | 3 | 4 | 5;

/** The number of calls per second that each tier allows. */
const CALLS_PER_SECOND: Record<Tier, number> = { 1: 1, 2: 5, 3: 60, 4: 200, 5: 1_000 };

/** Longer names of operations and callers are replaced by their digest, because a database refuses them as keys. */
const MAX_KEY_LENGTH = 300;
/** Limits what is remembered of refused calls. Without it, they are counted in the store again. */
const MAX_REFUSED = 10_000;

/**
 * Limits the calls of each operation by caller and whole second, and the changes of each message. All servers of
 * a store count together.
 */
export class RateLimits {
  /** The operations and callers that reached their limit, with the time of their next second. A flood costs the store nothing. */
  private readonly refused = new Map<string, number>();

  constructor(
    private readonly store: Pick<StoreControl, "countCalls">,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts a call and returns whether it is within the limit. `scope` identifies the operation and the caller. */
  async tryCall(scope: string, tier: Tier): Promise<boolean> {
    return this.tryKey(scope.length > MAX_KEY_LENGTH ? createHash("sha256").update(scope).digest("hex") : scope, tier);
  }

  private async tryKey(scope: string, tier: Tier): Promise<boolean> {
    const now = this.now();
    if (now < (this.refused.get(scope) ?? 0)) return false;
    this.refused.delete(scope);
    const { calls, resets_in_ms } = await this.store.countCalls([scope]);
    if ((calls[0] ?? 0) <= CALLS_PER_SECOND[tier]) return true;
    if (this.refused.size >= MAX_REFUSED) this.refused.clear();
    this.refused.set(scope, now + resets_in_ms);
    return false;
  }

  /** Returns the IDs that were already changed in this second. Each message can be changed once per second. */
  async findLimitedIds(action: string, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const { calls } = await this.store.countCalls(ids.map((id) => `${action} ${id}`));
    return ids.filter((_, index) => (calls[index] ?? 0) > 1);
  }
}
