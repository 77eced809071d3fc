import { getErrorMessage } from "../../../../errors/knock-error.js";
import type { GuideSubscription } from "./guide-subscription.js";
import type { SubscriptionWatcher } from "./subscription-watcher.js";

/**
 * The interval of checks while there are subscriptions. Files, user properties, audiences and the clock all affect
 * guides and send no notification. A check takes three small reads per subscription, and rendering.
 */
const POLL_MS = 100;
/** Limits the share of time that checks take. With many subscriptions the pauses become longer. */
const MAX_BUSY_SHARE = 0.1;
/** The pause after an error, which usually repeats. */
const RETRY_DELAY_MS = 500;

/** Checks the guides of users that sockets have joined for changes. */
export class GuideWatcher implements SubscriptionWatcher<GuideSubscription> {
  private readonly subscriptions = new Set<GuideSubscription>();
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> = Promise.resolve();
  private lastError = "";
  private stopped = false;

  constructor(private readonly onError: (error: unknown) => void) {}

  /** Announces changes from now on. Throws the errors of reading the guides. */
  async add(subscription: GuideSubscription): Promise<void> {
    await subscription.start();
    this.subscriptions.add(subscription);
    this.schedule(POLL_MS);
  }

  remove(subscription: GuideSubscription): void {
    this.subscriptions.delete(subscription);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.polling;
  }

  private schedule(waitMs: number): void {
    if (this.stopped || this.timer !== undefined || this.subscriptions.size === 0) return;
    this.timer = setTimeout(() => {
      this.polling = this.poll().then((next) => {
        this.timer = undefined;
        this.schedule(next);
      });
    }, waitMs);
  }

  /** Checks all subscriptions. Returns the milliseconds until the next check. */
  private async poll(): Promise<number> {
    try {
      let busyMs = 0;
      for (const subscription of [...this.subscriptions]) {
        if (!this.subscriptions.has(subscription)) continue;
        const startedAt = performance.now();
        await subscription.announceChanges();
        busyMs += performance.now() - startedAt;
        await new Promise(setImmediate); // the store is synchronous, so requests need this pause
      }
      this.lastError = "";
      return Math.max(POLL_MS, busyMs / MAX_BUSY_SHARE);
    } catch (error) {
      if (getErrorMessage(error) !== this.lastError) this.onError(error);
      this.lastError = getErrorMessage(error);
      return RETRY_DELAY_MS;
    }
  }
}
