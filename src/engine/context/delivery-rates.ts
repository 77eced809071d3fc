import type { Environment } from "../../domain/environment/environment.js";
import { RateLimiter } from "../../util/rate-limiter.js";

/** A claim contains no more messages than can be sent within this time, so that its lease does not end before. */
const MAX_CLAIM_S = 10;

function findMaxPerSecond({ channels }: Environment, channelId: string): number | null {
  return Object.values(channels).find((channel) => channel?.id === channelId)?.max_per_second ?? null;
}

/** The limits of channels on the messages that this process sends in a second. */
export class DeliveryRates {
  private readonly limiters = new Map<string, { maxPerSecond: number; limiter: RateLimiter }>();

  constructor(private readonly timing: { realNow: () => number; sleep: (milliseconds: number) => Promise<void> }) {}

  /** Resolves when the next message may be sent through a channel. */
  async acquire(environment: Environment, channelId: string): Promise<void> {
    const maxPerSecond = findMaxPerSecond(environment, channelId);
    if (maxPerSecond === null) return;
    let known = this.limiters.get(channelId);
    if (known?.maxPerSecond !== maxPerSecond) {
      const { realNow: now, sleep } = this.timing;
      known = { maxPerSecond, limiter: new RateLimiter({ maxPerSecond, now, sleep }) };
      this.limiters.set(channelId, known);
    }
    await known.limiter.acquire();
  }
}

/** Returns how many messages of a channel, or of all, may be claimed together; null without a limit. */
export function getClaimLimit(environment: Environment, channelId: string | undefined): number | null {
  const rates =
    channelId === undefined
      ? Object.values(environment.channels).map((channel) => channel?.max_per_second ?? null)
      : [findMaxPerSecond(environment, channelId)];
  const limits = rates.filter((rate) => rate !== null);
  return limits.length === 0 ? null : Math.min(...limits) * MAX_CLAIM_S;
}
