interface RateLimiterOptions {
  /** Requests per second; null starts without a limit. */
  maxPerSecond: number | null;
  now: () => number;
  sleep: (milliseconds: number) => Promise<void>;
}

/** Requests may start this much early, because timers are not exact. */
const BURST_MS = 20;
/** Refusals within this time after a refused request do not lower the rate again, because they have the same cause. */
const SAME_REFUSAL_MS = 1_000;
/** The share of the maximum rate by which the rate increases in each second without a refusal. */
const RECOVERY_PER_SECOND = 0.05;
/** The rate after the first refusal if there was no limit before. */
const FALLBACK_RATE = 100;

/** Spaces requests evenly. Halves the rate when a server refuses requests because of its limit, and then increases it slowly. */
export class RateLimiter {
  private rate: number | null;
  private nextAt = Number.NEGATIVE_INFINITY;
  private refusedAt = Number.NEGATIVE_INFINITY;
  private recoveredAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RateLimiterOptions) {
    this.rate = options.maxPerSecond;
  }

  /** The current limit in requests per second; null without one. */
  get currentRate(): number | null {
    return this.rate;
  }

  /** Resolves when the next request may start. */
  async acquire(): Promise<void> {
    const now = this.options.now();
    this.recover(now);
    if (this.rate === null && this.nextAt <= now) return;
    const startAt = Math.max(this.nextAt, now - BURST_MS);
    this.nextAt = startAt + (this.rate === null ? 0 : 1_000 / this.rate);
    if (startAt - now > BURST_MS) await this.options.sleep(startAt - now);
  }

  /** Slows down after a refused request. No request starts for `waitMs` milliseconds. */
  slowDown(waitMs: number): void {
    const now = this.options.now();
    this.nextAt = Math.max(this.nextAt, now + waitMs);
    if (now - this.refusedAt < SAME_REFUSAL_MS) return;
    this.refusedAt = now;
    this.recoveredAt = now + SAME_REFUSAL_MS;
    this.rate = Math.max(1, (this.rate ?? FALLBACK_RATE * 2) / 2);
  }

  private recover(now: number): void {
    const { maxPerSecond } = this.options;
    if (this.rate === null || maxPerSecond === null || this.rate >= maxPerSecond || now <= this.recoveredAt) return;
    const regained = maxPerSecond * RECOVERY_PER_SECOND * ((now - this.recoveredAt) / 1_000);
    this.rate = Math.min(maxPerSecond, this.rate + regained);
    this.recoveredAt = now;
  }
}
