import type { RecipientKey } from "../../../../domain/recipient/recipient.js";
import { getErrorMessage } from "../../../../errors/knock-error.js";
import type { FeedRead } from "../http/feed-read.js";
import type { StoreWatcher } from "../store-watcher.js";
import { type FeedSubscription, type ListFeed, PAGE_SIZE, type ReadNewMessages } from "./feed-subscription.js";
import type { SubscriptionWatcher } from "./subscription-watcher.js";

/** The pause after an error, which usually repeats. */
const RETRY_DELAY_MS = 500;
/** The shortest time between two events of a feed (RQ-4). The first event is sent at once. */
const MIN_EVENT_INTERVAL_MS = 500;

/**
 * The number of pages that a reconnecting client is prompted to read (RQ-12), because the emulator does not know how
 * many items the client is missing.
 */
const MAX_CATCH_UP_PAGES = 10;
/**
 * The number of events that are sent again to a client that has read an incomplete page and does not read on. The pause
 * between them doubles each time.
 */
const MAX_REMINDERS = 6;
/** The number of feeds checked before other requests are processed. */
const FEEDS_PER_TURN = 20;
/**
 * The interval of checks of all feeds, which run only after a change. New messages identify the feeds to check, but
 * items also arrive in other ways: the window of a message opens, or users are merged.
 */
const SWEEP_INTERVAL_MS = 1_000;

interface WatchedFeed {
  subscriptions: Set<FeedSubscription>;
  /** The IDs of the newest items at the last check. */
  known: Set<string>;
  /** The number of items at the last check. */
  total: number;
  /** The IDs found since the last event and not announced yet. */
  newIds: Set<string>;
  /**
   * The number of items not announced yet. Clients read only one page after an event, so more items need more events.
   */
  unannouncedCount: number;
  /** The time of the last event, in milliseconds of real time. */
  announcedAt: number;
  /**
   * The number of reminders since a client's last request, while items exist that are newer than the page it read. Null
   * if no client is behind.
   */
  reminderCount: number | null;
}

/** Checks the joined feeds for new items. A message is always in the store before it is announced. */
export class FeedWatcher implements SubscriptionWatcher<FeedSubscription> {
  private readonly feeds = new Map<string, WatchedFeed>();
  /** The same feeds by recipient. */
  private readonly feedsByRecipient = new Map<RecipientKey, Set<WatchedFeed>>();
  /** The feeds that have not been checked since they were joined, or that have something to announce. */
  private readonly pendingFeeds = new Set<WatchedFeed>();
  private cursor: string | null = null;
  private lastSweepAt = 0;
  /** The feeds that the current check of all feeds has not reached yet. */
  private sweepQueue = new Set<WatchedFeed>();
  /** Whether something has changed since the last check of all feeds. */
  private needsSweep = true;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;
  private polling: Promise<void> | undefined;
  /** Whether something may have happened since the last check began. */
  private needsPoll = false;
  private lastError = "";
  private stopped = false;

  constructor(
    private readonly list: ListFeed,
    private readonly readNewMessages: ReadNewMessages,
    private readonly store: StoreWatcher,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Announces items that are new in the feed from now on. Throws the errors of reading the feed. */
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
        reminderCount: null,
      };
      this.feeds.set(key, watched);
      this.pendingFeeds.add(watched);
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
      this.pendingFeeds.delete(watched);
      const recipientFeeds = this.feedsByRecipient.get(feed.recipient);
      recipientFeeds?.delete(watched);
      if (recipientFeeds?.size === 0) this.feedsByRecipient.delete(feed.recipient);
    }
    if (this.feeds.size > 0) return;
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** Announces everything to a client that reconnects, because any item may be new to it. */
  async announceToReturningClient(subscription: FeedSubscription): Promise<void> {
    await subscription.announceNewItems(this.list, () => true);
    const watched = this.feeds.get(subscription.key);
    if (watched === undefined) return;
    watched.unannouncedCount = Math.max(
      watched.unannouncedCount,
      Math.min(watched.total, PAGE_SIZE * MAX_CATCH_UP_PAGES) - PAGE_SIZE,
    );
    watched.announcedAt = Date.now();
    this.pendingFeeds.add(watched);
    this.wake();
  }

  /**
   * Announces items again that a client may have missed (RQ-12). Clients ignore events while one of their requests is in
   * progress, and they read only one page after an event.
   */
  noteRead({ recipient, channel, requestedAt, hasNewerItems }: FeedRead): void {
    for (const watched of this.feedsByRecipient.get(recipient) ?? []) {
      const [first] = watched.subscriptions;
      if (first?.feed.channel !== channel) continue;
      const isBehind = watched.announcedAt > requestedAt || (hasNewerItems && watched.announcedAt > 0);
      watched.reminderCount = isBehind ? 0 : null;
      if (!isBehind) continue;
      watched.announcedAt = Date.now(); // the client needs time to process the response
      this.pendingFeeds.add(watched);
      this.wake();
    }
  }

  /** Announces every feed to all clients, because the data of the store was replaced. */
  async announceAll(): Promise<void> {
    this.cursor = null;
    for (const watched of this.feeds.values()) {
      const [first] = watched.subscriptions;
      if (first === undefined) continue;
      const state = { newIds: new Set<string>(), unannouncedCount: 0, announcedAt: Date.now(), reminderCount: null };
      Object.assign(watched, await this.readNewestItems(first), state);
      for (const subscription of [...watched.subscriptions]) await subscription.announceNewItems(this.list, null);
    }
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

  /**
   * Checks the selected feeds. Returns the milliseconds until the next check without a change; null if none is needed.
   */
  private async poll(): Promise<number | null> {
    try {
      let next: number | null = null;
      let checkedCount = 0;
      for (const watched of await this.selectFeeds()) {
        this.sweepQueue.delete(watched);
        this.pendingFeeds.delete(watched);
        const wait = await this.checkFeed(watched);
        if (wait !== null) {
          this.pendingFeeds.add(watched);
          next = Math.min(next ?? wait, wait);
        }
        // The store is synchronous, so thousands of feeds without a pause would delay every request.
        if (++checkedCount % FEEDS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      this.lastError = "";
      if (this.sweepQueue.size > 0) return 0;
      if (!this.needsSweep) return next;
      const sweep = Math.max(1, this.lastSweepAt + SWEEP_INTERVAL_MS - Date.now());
      return Math.min(next ?? sweep, sweep);
    } catch (error) {
      // The selected feeds are lost, so all feeds are checked again.
      this.needsSweep = true;
      this.lastSweepAt = 0;
      if (getErrorMessage(error) !== this.lastError) this.onError(error);
      this.lastError = getErrorMessage(error);
      return RETRY_DELAY_MS;
    }
  }

  /**
   * Selects the feeds to check: feeds with new or unannounced items, and a few others while all feeds are checked. A
   * new message therefore waits for only a few feeds.
   */
  private async selectFeeds(): Promise<WatchedFeed[]> {
    const { cursor, recipients } = await this.readNewMessages(this.cursor);
    this.cursor = cursor;
    const isTime = this.needsSweep && this.sweepQueue.size === 0 && Date.now() - this.lastSweepAt >= SWEEP_INTERVAL_MS;
    if (recipients === null || isTime) {
      this.needsSweep = false;
      this.lastSweepAt = Date.now();
      for (const watched of this.feeds.values()) this.sweepQueue.add(watched);
    }
    const feeds = new Set(recipients?.flatMap((recipient) => [...(this.feedsByRecipient.get(recipient) ?? [])]));
    for (const watched of this.pendingFeeds) feeds.add(watched);
    let sweepCount = 0;
    for (const watched of this.sweepQueue)
      if (sweepCount++ < FEEDS_PER_TURN) feeds.add(watched);
      else break;
    return [...feeds];
  }

  /**
   * Checks a feed and announces its new items. Returns the milliseconds until waiting items may be announced; null if
   * none wait.
   */
  private async checkFeed(watched: WatchedFeed): Promise<number | null> {
    const [first] = watched.subscriptions;
    if (first === undefined) return null;
    const { items } = await this.list({ ...first.feed, archived: "include" }, { limit: 1 });
    if (items[0] !== undefined && !watched.known.has(String(items[0].id))) {
      const { known, total } = await this.readNewestItems(first);
      for (const id of known) {
        if (watched.known.has(id)) break; // the rest are older items that moved into the page after a deletion
        watched.newIds.add(id);
      }
      watched.unannouncedCount += Math.max(0, total - watched.total);
      Object.assign(watched, { known, total });
    }
    const pause = getPause(watched);
    if (pause === null) return null;
    const wait = pause - (Date.now() - watched.announcedAt);
    if (wait > 0) return wait;
    const { newIds, unannouncedCount } = watched;
    const isReminder = !hasUnannouncedItems(watched);
    watched.newIds = new Set();
    watched.unannouncedCount = Math.max(0, unannouncedCount - PAGE_SIZE);
    watched.announcedAt = Date.now();
    if (isReminder && watched.reminderCount !== null) watched.reminderCount++;
    // With more new items than a page, or in a reminder, it is unknown which filters they match, so all clients are
    // notified.
    const isNew = unannouncedCount <= newIds.size && !isReminder ? (id: string) => newIds.has(id) : () => true;
    for (const subscription of [...watched.subscriptions]) await subscription.announceNewItems(this.list, isNew);
    return getPause(watched);
  }

  private async readNewestItems({ feed }: FeedSubscription): Promise<Pick<WatchedFeed, "known" | "total">> {
    const { items, meta } = await this.list({ ...feed, archived: "include" }, { limit: PAGE_SIZE });
    return { known: new Set(items.map(({ id }) => String(id))), total: Number(meta.total_count) };
  }
}

/** Returns whether a feed has items that are not announced. */
function hasUnannouncedItems({ newIds, unannouncedCount }: WatchedFeed): boolean {
  return newIds.size > 0 || unannouncedCount > 0;
}

/** Returns the milliseconds between the last event and the next one; null if no event is needed. */
function getPause(watched: WatchedFeed): number | null {
  if (hasUnannouncedItems(watched)) return MIN_EVENT_INTERVAL_MS;
  const { reminderCount } = watched;
  return reminderCount === null || reminderCount >= MAX_REMINDERS ? null : MIN_EVENT_INTERVAL_MS * 2 ** reminderCount;
}
