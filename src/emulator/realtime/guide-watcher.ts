import { getErrorMessage } from "../../errors/knock-error.js";
import type { GuideSubscription } from "./guide-subscription.js";
import type { SubscriptionWatcher } from "./subscription-watcher.js";

/**
 * Files, users' properties, audiences and the clock all decide about guides, and nobody tells of them: so look this often
 * while somebody listens. A look takes three small reads a subscription, and rendering.
 */
const POLL_MS = 100;
/** Where looking takes long, because many listen, it may take this share of the time and no more. */
const MAX_BUSY_SHARE = 0.1;
/** After a failure: it will most likely last. */
const RETRY_DELAY_MS = 500;

/** Looks for changes in the guides of users that sockets have joined. */
export class GuideWatcher implements SubscriptionWatcher<GuideSubscription> {
  private readonly subscriptions = new Set<GuideSubscription>();
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> = Promise.resolve();
  private lastError = "";
  private stopped = false;

  constructor(private readonly onError: (error: unknown) => void) {}

  /** From here on changes are told. Throws what reading the guides throws. */
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

  /** Returns how long to wait for the next look. */
  private async poll(): Promise<number> {
    try {
      let busyMs = 0;
      for (const subscription of [...this.subscriptions]) {
        if (!this.subscriptions.has(subscription)) continue;
        const startedAt = performance.now();
        await subscription.announceChanges();
        busyMs += performance.now() - startedAt;
        await new Promise(setImmediate); // requests come first: the store's answers are there at once, and let none in
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
