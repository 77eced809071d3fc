import { messageOf } from "../../errors/knock-error.js";
import { type FeedList, type FeedSubscription, PAGE } from "./feed-subscription.js";

/** Whoever writes to the store, this process or another, nobody tells: so look this often while somebody listens. */
const POLL_MS = 25;
/** After a failure: it will most likely last. */
const PAUSE_MS = 500;
/** A feed's events are at least this far apart (RQ-4); the first goes out at once. */
const GAP_MS = 500;

/** Feeds looked at before others have their turn. */
const IN_A_ROW = 20;

interface Watched {
  subscriptions: Set<FeedSubscription>;
  /** The newest items, as of the last look. */
  known: Set<string>;
  /** Found since the last event, and not yet told. */
  fresh: Set<string>;
  /** The last event, in milliseconds of real time. */
  toldAt: number;
}

/** Looks for new items in the feeds that sockets have joined. A message is in the store before anyone is told of it. */
export class FeedWatch {
  private readonly feeds = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private failure = "";
  private stopped = false;
  /** The store's, at the last look; "" where one is due whatever it is. */
  private mark = "";

  constructor(
    private readonly list: FeedList,
    private readonly readMark: () => Promise<string>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** From here on what comes new into the feed is told. Throws what reading the feed throws. */
  async add(subscription: FeedSubscription): Promise<void> {
    const { topic } = subscription;
    const known = this.feeds.get(topic)?.known ?? (await this.newest(subscription));
    let watched = this.feeds.get(topic);
    if (watched === undefined) {
      watched = { subscriptions: new Set(), known, fresh: new Set(), toldAt: 0 };
      this.feeds.set(topic, watched);
    }
    watched.subscriptions.add(subscription);
    this.mark = ""; // it was read before this feed was known
    this.schedule(POLL_MS);
  }

  remove(subscription: FeedSubscription): void {
    const watched = this.feeds.get(subscription.topic);
    watched?.subscriptions.delete(subscription);
    if (watched?.subscriptions.size === 0) this.feeds.delete(subscription.topic);
  }

  /** To a client that was away: whatever there is may be new to it. */
  async announceAll(subscription: FeedSubscription): Promise<void> {
    await subscription.announce(this.list, () => true);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private schedule(wait: number): void {
    if (this.stopped || this.timer !== undefined || this.feeds.size === 0) return;
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
      const mark = await this.readMark();
      if (mark !== this.mark) {
        this.mark = mark;
        await this.followAll();
      }
      this.failure = "";
      return POLL_MS;
    } catch (error) {
      this.mark = "";
      if (messageOf(error) !== this.failure) this.onError(error);
      this.failure = messageOf(error);
      return PAUSE_MS;
    }
  }

  private async followAll(): Promise<void> {
    let looks = 0;
    for (const watched of [...this.feeds.values()]) {
      await this.follow(watched);
      // The store answers at once: without a pause thousands of feeds would hold up every request.
      if (++looks % IN_A_ROW === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // What is held back by the gap between two events has no write of its own to be looked for at.
    if ([...this.feeds.values()].some(({ fresh }) => fresh.size > 0)) this.mark = "";
  }

  private async follow(watched: Watched): Promise<void> {
    const [first] = watched.subscriptions;
    if (first === undefined) return;
    const { items } = await this.list({ ...first.feed, archived: "include" }, { limit: 1 });
    if (items[0] !== undefined && !watched.known.has(String(items[0].id))) {
      const newest = await this.newest(first);
      for (const id of newest) {
        if (watched.known.has(id)) break; // below are old ones, which deletions bring into the page
        watched.fresh.add(id);
      }
      watched.known = newest;
    }
    if (watched.fresh.size === 0 || Date.now() - watched.toldAt < GAP_MS) return;
    const { fresh } = watched;
    watched.fresh = new Set();
    watched.toldAt = Date.now();
    // More than a page has: which filters the rest passes is not known, so nobody is left out.
    const isNew = fresh.size < PAGE ? (id: string) => fresh.has(id) : () => true;
    for (const subscription of [...watched.subscriptions]) await subscription.announce(this.list, isNew);
  }

  private async newest({ feed }: FeedSubscription): Promise<Set<string>> {
    const { items } = await this.list({ ...feed, archived: "include" }, { limit: PAGE });
    return new Set(items.map(({ id }) => String(id)));
  }
}
