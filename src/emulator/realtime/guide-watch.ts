import { messageOf } from "../../errors/knock-error.js";
import type { GuideSubscription } from "./guide-subscription.js";

/**
 * Files, users' properties, audiences and the clock all decide about guides, and nobody tells of them: so look this often
 * while somebody listens. A look takes three small reads a subscription, and rendering.
 */
const POLL_MS = 100;
/** Where looking takes long, because many listen, it may take this share of the time and no more. */
const SHARE = 0.1;
/** After a failure: it will most likely last. */
const PAUSE_MS = 500;

/** Looks for changes in the guides of users that sockets have joined. */
export class GuideWatch {
  private readonly subscriptions = new Set<GuideSubscription>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private failure = "";
  private stopped = false;

  constructor(private readonly onError: (error: unknown) => void) {}

  /** From here on changes are told. Throws what reading the guides throws. */
  async add(subscription: GuideSubscription): Promise<void> {
    await subscription.begin();
    this.subscriptions.add(subscription);
    this.schedule(POLL_MS);
  }

  remove(subscription: GuideSubscription): void {
    this.subscriptions.delete(subscription);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private schedule(wait: number): void {
    if (this.stopped || this.timer !== undefined || this.subscriptions.size === 0) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().then((next) => {
        this.timer = undefined;
        this.schedule(next);
      });
    }, wait);
  }

  /** Returns how long to wait for the next look. */
  private async look(): Promise<number> {
    try {
      let busy = 0;
      for (const subscription of [...this.subscriptions]) {
        if (!this.subscriptions.has(subscription)) continue;
        const began = performance.now();
        await subscription.follow();
        busy += performance.now() - began;
        await new Promise(setImmediate); // requests come first: the store's answers are there at once, and let none in
      }
      this.failure = "";
      return Math.max(POLL_MS, busy / SHARE);
    } catch (error) {
      if (messageOf(error) !== this.failure) this.onError(error);
      this.failure = messageOf(error);
      return PAUSE_MS;
    }
  }
}
