import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { StoreWatcher } from "../store-watcher.js";
import { type FeedSubscription, type ListFeed, PAGE_SIZE, type ReadFeedChanges } from "./feed-subscription.js";
import type { SubscriptionWatcher } from "./subscription-watcher.js";

/** After a failure: it will most likely last. */
const RETRY_DELAY_MS = 500;
/** A feed's events are at least this far apart (RQ-4); the first goes out at once. */
const MIN_EVENT_INTERVAL_MS = 500;

/** Pages that a client which comes back is sent for (RQ-12): how many it lacks is not known. */
const MAX_CATCH_UP_PAGES = 10;
/** Feeds looked at before others have their turn. */
const FEEDS_PER_TURN = 20;
/**
 * New messages tell whose feed to look at. What comes into a feed in other ways (a message whose window opened, another
 * user's after a merge) is found by a look at all feeds, this often at most and only after a change.
 */
const SWEEP_INTERVAL_MS = 1_000;

interface WatchedFeed {
  subscriptions: Set<FeedSubscription>;
  /** The newest items, as of the last look. */
  known: Set<string>;
  /** How many items there are, as of the last look. */
  total: number;
  /** Found since the last event, and not yet told. */
  newIds: Set<string>;
  /** How many items clients have still to be sent for: after an event they read a page, and no more. */
  unannouncedCount: number;
  /** The last event, in milliseconds of real time. */
  announcedAt: number;
  /** Nobody has looked since it was joined. */
  isUnchecked: boolean;
}

/** Looks for new items in the feeds that sockets have joined. A message is in the store before anyone is told of it. */
export class FeedWatcher implements SubscriptionWatcher<FeedSubscription> {
  private readonly feeds = new Map<string, WatchedFeed>();
  /** The same by whose they are. */
  private readonly feedsByRecipient = new Map<RecipientKey, Set<WatchedFeed>>();
  private changeMark: string | null = null;
  private lastSweepAt = 0;
  /** Those still to be looked at, of all. */
  private sweepQueue = new Set<WatchedFeed>();
  /** Something has changed since all feeds were looked at. */
  private needsSweep = true;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;
  private polling: Promise<void> | undefined;
  /** Something may have happened since the last look began. */
  private needsPoll = false;
  private lastError = "";
  private stopped = false;

  constructor(
    private readonly list: ListFeed,
    private readonly readChanges: ReadFeedChanges,
    private readonly store: StoreWatcher,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** From here on what comes new into the feed is told. Throws what reading the feed throws. */
  async add(subscription: FeedSubscription): Promise<void> {
    const { key, feed } = subscription;
    const newest = this.feeds.get(key) ?? (await this.readNewestItems(subscription));
    let watched = this.feeds.get(key);
    if (watched === undefined) {
      const { known, total } = newest;
      watched = {
        subscriptions: new Set(),
        known,
        total,
        newIds: new Set(),
        unannouncedCount: 0,
        announcedAt: 0,
        isUnchecked: true,
      };
      this.feeds.set(key, watched);
      this.feedsByRecipient.set(feed.recipient, (this.feedsByRecipient.get(feed.recipient) ?? new Set()).add(watched));
    }
    watched.subscriptions.add(subscription);
    this.unsubscribe ??= this.store.subscribe(() => {
      this.needsSweep = true;
      this.wake();
    });
    this.wake();
  }

  remove(subscription: FeedSubscription): void {
    const { key, feed } = subscription;
    const watched = this.feeds.get(key);
    watched?.subscriptions.delete(subscription);
    if (watched?.subscriptions.size === 0) {
      this.feeds.delete(key);
      const own = this.feedsByRecipient.get(feed.recipient);
      own?.delete(watched);
      if (own?.size === 0) this.feedsByRecipient.delete(feed.recipient);
    }
    if (this.feeds.size > 0) return;
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** To a client that was away: whatever there is may be new to it. */
  async announceToReturningClient(subscription: FeedSubscription): Promise<void> {
    await subscription.announceNewItems(this.list, () => true);
    const watched = this.feeds.get(subscription.key);
    if (watched === undefined) return;
    watched.unannouncedCount = Math.max(
      watched.unannouncedCount,
      Math.min(watched.total, PAGE_SIZE * MAX_CATCH_UP_PAGES) - PAGE_SIZE,
    );
    watched.announcedAt = Date.now();
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe?.();
    clearTimeout(this.timer);
    await this.polling;
  }

  private wake(): void {
    this.needsPoll = true;
    if (this.stopped || this.polling !== undefined) return;
    this.polling = this.pollWhileNeeded().finally(() => {
      this.polling = undefined;
    });
  }

  private async pollWhileNeeded(): Promise<void> {
    while (this.needsPoll && !this.stopped) {
      this.needsPoll = false;
      const next = await this.poll();
      clearTimeout(this.timer);
      if (next !== null && !this.stopped) this.timer = setTimeout(() => this.wake(), next);
    }
  }

  /** Returns when to look again though nothing changes; null: not at all. */
  private async poll(): Promise<number | null> {
    try {
      let next: number | null = null;
      let checkedCount = 0;
      for (const watched of await this.selectFeeds()) {
        watched.isUnchecked = false;
        this.sweepQueue.delete(watched);
        const wait = await this.checkFeed(watched);
        if (wait !== null) next = Math.min(next ?? wait, wait);
        // The store answers at once: without a pause thousands of feeds would hold up every request.
        if (++checkedCount % FEEDS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      this.lastError = "";
      if (this.sweepQueue.size > 0) return 0;
      if (!this.needsSweep) return next;
      const sweep = Math.max(1, this.lastSweepAt + SWEEP_INTERVAL_MS - Date.now());
      return Math.min(next ?? sweep, sweep);
    } catch (error) {
      // Whose feeds had news is forgotten.
      this.needsSweep = true;
      this.lastSweepAt = 0;
      if (getErrorMessage(error) !== this.lastError) this.onError(error);
      this.lastError = getErrorMessage(error);
      return RETRY_DELAY_MS;
    }
  }

  /**
   * The feeds to look at: where messages are new, or not told of yet, and some of the rest while all are looked at, so that a
   * new message waits for few of them.
   */
  private async selectFeeds(): Promise<WatchedFeed[]> {
    const { mark, recipients } = await this.readChanges(this.changeMark);
    this.changeMark = mark;
    const isTime = this.needsSweep && this.sweepQueue.size === 0 && Date.now() - this.lastSweepAt >= SWEEP_INTERVAL_MS;
    if (recipients === null || isTime) {
      this.needsSweep = false;
      this.lastSweepAt = Date.now();
      for (const watched of this.feeds.values()) this.sweepQueue.add(watched);
    }
    const feeds = new Set(recipients?.flatMap((recipient) => [...(this.feedsByRecipient.get(recipient) ?? [])]));
    for (const watched of this.feeds.values())
      if (watched.isUnchecked || hasUnannouncedItems(watched)) feeds.add(watched);
    let sweepCount = 0;
    for (const watched of this.sweepQueue)
      if (sweepCount++ < FEEDS_PER_TURN) feeds.add(watched);
      else break;
    return [...feeds];
  }

  /** Returns how long what it found has to wait until it is told; null where nothing waits. */
  private async checkFeed(watched: WatchedFeed): Promise<number | null> {
    const [first] = watched.subscriptions;
    if (first === undefined) return null;
    const { items } = await this.list({ ...first.feed, archived: "include" }, { limit: 1 });
    if (items[0] !== undefined && !watched.known.has(String(items[0].id))) {
      const { known, total } = await this.readNewestItems(first);
      for (const id of known) {
        if (watched.known.has(id)) break; // below are old ones, which deletions bring into the page
        watched.newIds.add(id);
      }
      watched.unannouncedCount += Math.max(0, total - watched.total);
      Object.assign(watched, { known, total });
    }
    if (!hasUnannouncedItems(watched)) return null;
    const wait = MIN_EVENT_INTERVAL_MS - (Date.now() - watched.announcedAt);
    if (wait > 0) return wait;
    const { newIds, unannouncedCount } = watched;
    watched.newIds = new Set();
    watched.unannouncedCount = Math.max(0, unannouncedCount - PAGE_SIZE);
    watched.announcedAt = Date.now();
    // More than a page has: which filters the rest passes is not known, so nobody is left out.
    const isNew = unannouncedCount <= newIds.size ? (id: string) => newIds.has(id) : () => true;
    for (const subscription of [...watched.subscriptions]) await subscription.announceNewItems(this.list, isNew);
    return watched.unannouncedCount > 0 ? MIN_EVENT_INTERVAL_MS : null;
  }

  private async readNewestItems({ feed }: FeedSubscription): Promise<Pick<WatchedFeed, "known" | "total">> {
    const { items, meta } = await this.list({ ...feed, archived: "include" }, { limit: PAGE_SIZE });
    return { known: new Set(items.map(({ id }) => String(id))), total: Number(meta.total_count) };
  }
}

/** Whether there is something to tell of. */
function hasUnannouncedItems({ newIds: fresh, unannouncedCount: unsaid }: WatchedFeed): boolean {
  return fresh.size > 0 || unsaid > 0;
}
