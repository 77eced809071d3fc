import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { messageOf } from "../../errors/knock-error.js";
import type { StoreWatch } from "../store-watch.js";
import { type FeedList, type FeedNews, type FeedSubscription, PAGE } from "./feed-subscription.js";

/** After a failure: it will most likely last. */
const PAUSE_MS = 500;
/** A feed's events are at least this far apart (RQ-4); the first goes out at once. */
const GAP_MS = 500;

/** Pages that a client which comes back is sent for (RQ-12): how many it lacks is not known. */
const PAGES_AGAIN = 10;
/** Feeds looked at before others have their turn. */
const IN_A_ROW = 20;
/**
 * New messages tell whose feed to look at. What comes into a feed in other ways (a message whose window opened, another
 * user's after a merge) is found by a look at all feeds, this often at most and only after a change.
 */
const SWEEP_MS = 1_000;

interface Watched {
  subscriptions: Set<FeedSubscription>;
  /** The newest items, as of the last look. */
  known: Set<string>;
  /** How many items there are, as of the last look. */
  total: number;
  /** Found since the last event, and not yet told. */
  fresh: Set<string>;
  /** How many items clients have still to be sent for: after an event they read a page, and no more. */
  unsaid: number;
  /** The last event, in milliseconds of real time. */
  toldAt: number;
  /** Nobody has looked since it was joined. */
  isNew: boolean;
}

/** Looks for new items in the feeds that sockets have joined. A message is in the store before anyone is told of it. */
export class FeedWatch {
  private readonly feeds = new Map<string, Watched>();
  /** The same by whose they are. */
  private readonly owners = new Map<RecipientKey, Set<Watched>>();
  private mark: string | null = null;
  private sweptAt = 0;
  /** Those still to be looked at, of all. */
  private rest = new Set<Watched>();
  /** Something has changed since all feeds were looked at. */
  private unswept = true;
  private timer: NodeJS.Timeout | undefined;
  private unlisten: (() => void) | undefined;
  private looking: Promise<void> | undefined;
  /** Something may have happened since the last look began. */
  private stale = false;
  private failure = "";
  private stopped = false;

  constructor(
    private readonly list: FeedList,
    private readonly news: FeedNews,
    private readonly store: StoreWatch,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** From here on what comes new into the feed is told. Throws what reading the feed throws. */
  async add(subscription: FeedSubscription): Promise<void> {
    const { key, feed } = subscription;
    const newest = this.feeds.get(key) ?? (await this.newest(subscription));
    let watched = this.feeds.get(key);
    if (watched === undefined) {
      const { known, total } = newest;
      watched = { subscriptions: new Set(), known, total, fresh: new Set(), unsaid: 0, toldAt: 0, isNew: true };
      this.feeds.set(key, watched);
      this.owners.set(feed.recipient, (this.owners.get(feed.recipient) ?? new Set()).add(watched));
    }
    watched.subscriptions.add(subscription);
    this.unlisten ??= this.store.listen(() => {
      this.unswept = true;
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
      const own = this.owners.get(feed.recipient);
      own?.delete(watched);
      if (own?.size === 0) this.owners.delete(feed.recipient);
    }
    if (this.feeds.size > 0) return;
    this.unlisten?.();
    this.unlisten = undefined;
  }

  /** To a client that was away: whatever there is may be new to it. */
  async announceAll(subscription: FeedSubscription): Promise<void> {
    await subscription.announce(this.list, () => true);
    const watched = this.feeds.get(subscription.key);
    if (watched === undefined) return;
    watched.unsaid = Math.max(watched.unsaid, Math.min(watched.total, PAGE * PAGES_AGAIN) - PAGE);
    watched.toldAt = Date.now();
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unlisten?.();
    clearTimeout(this.timer);
    await this.looking;
  }

  private wake(): void {
    this.stale = true;
    if (this.stopped || this.looking !== undefined) return;
    this.looking = this.lookWhileStale().finally(() => {
      this.looking = undefined;
    });
  }

  private async lookWhileStale(): Promise<void> {
    while (this.stale && !this.stopped) {
      this.stale = false;
      const next = await this.look();
      clearTimeout(this.timer);
      if (next !== null && !this.stopped) this.timer = setTimeout(() => this.wake(), next);
    }
  }

  /** Returns when to look again though nothing changes; null: not at all. */
  private async look(): Promise<number | null> {
    try {
      let next: number | null = null;
      let looks = 0;
      for (const watched of await this.concerned()) {
        watched.isNew = false;
        this.rest.delete(watched);
        const wait = await this.follow(watched);
        if (wait !== null) next = Math.min(next ?? wait, wait);
        // The store answers at once: without a pause thousands of feeds would hold up every request.
        if (++looks % IN_A_ROW === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      this.failure = "";
      if (this.rest.size > 0) return 0;
      if (!this.unswept) return next;
      const sweep = Math.max(1, this.sweptAt + SWEEP_MS - Date.now());
      return Math.min(next ?? sweep, sweep);
    } catch (error) {
      // Whose feeds had news is forgotten.
      this.unswept = true;
      this.sweptAt = 0;
      if (messageOf(error) !== this.failure) this.onError(error);
      this.failure = messageOf(error);
      return PAUSE_MS;
    }
  }

  /**
   * The feeds to look at: where messages are new, or not told of yet, and some of the rest while all are looked at, so that a
   * new message waits for few of them.
   */
  private async concerned(): Promise<Watched[]> {
    const { mark, recipients } = await this.news(this.mark);
    this.mark = mark;
    const isTime = this.unswept && this.rest.size === 0 && Date.now() - this.sweptAt >= SWEEP_MS;
    if (recipients === null || isTime) {
      this.unswept = false;
      this.sweptAt = Date.now();
      for (const watched of this.feeds.values()) this.rest.add(watched);
    }
    const found = new Set(recipients?.flatMap((recipient) => [...(this.owners.get(recipient) ?? [])]));
    for (const watched of this.feeds.values()) if (watched.isNew || isOwing(watched)) found.add(watched);
    let taken = 0;
    for (const watched of this.rest)
      if (taken++ < IN_A_ROW) found.add(watched);
      else break;
    return [...found];
  }

  /** Returns how long what it found has to wait until it is told; null where nothing waits. */
  private async follow(watched: Watched): Promise<number | null> {
    const [first] = watched.subscriptions;
    if (first === undefined) return null;
    const { items } = await this.list({ ...first.feed, archived: "include" }, { limit: 1 });
    if (items[0] !== undefined && !watched.known.has(String(items[0].id))) {
      const { known, total } = await this.newest(first);
      for (const id of known) {
        if (watched.known.has(id)) break; // below are old ones, which deletions bring into the page
        watched.fresh.add(id);
      }
      watched.unsaid += Math.max(0, total - watched.total);
      Object.assign(watched, { known, total });
    }
    if (!isOwing(watched)) return null;
    const wait = GAP_MS - (Date.now() - watched.toldAt);
    if (wait > 0) return wait;
    const { fresh, unsaid } = watched;
    watched.fresh = new Set();
    watched.unsaid = Math.max(0, unsaid - PAGE);
    watched.toldAt = Date.now();
    // More than a page has: which filters the rest passes is not known, so nobody is left out.
    const isNew = unsaid <= fresh.size ? (id: string) => fresh.has(id) : () => true;
    for (const subscription of [...watched.subscriptions]) await subscription.announce(this.list, isNew);
    return watched.unsaid > 0 ? GAP_MS : null;
  }

  private async newest({ feed }: FeedSubscription): Promise<Pick<Watched, "known" | "total">> {
    const { items, meta } = await this.list({ ...feed, archived: "include" }, { limit: PAGE });
    return { known: new Set(items.map(({ id }) => String(id))), total: Number(meta.total_count) };
  }
}

/** Whether there is something to tell of. */
function isOwing({ fresh, unsaid }: Watched): boolean {
  return fresh.size > 0 || unsaid > 0;
}
