import Knock, {
  type Feed,
  type FeedClientOptions,
  type KnockGuide,
  KnockGuideClient,
  type KnockGuideClientStoreState,
  type KnockGuideFilterParams,
  type KnockGuideTargetParams,
} from "@knocklabs/client";
import { WebSocket } from "ws";

// The official client checks these globals to detect a browser.
// Phoenix looks up WebSocket when it is loaded, or on `self` later, so it is set before any client is created.
Object.assign(globalThis, { window: globalThis, self: globalThis, WebSocket });

export interface BrowserFeed {
  feed: Feed;
  /** IDs of the items that the socket delivered. */
  received: string[];
  /** Returns how often the socket was opened. */
  opened(): number;
  /**
   * Reports the end of a network outage, as a browser does, so that the client connects at once. It pauses up to ten minutes after
   * connections that were soon cut.
   */
  goOnline(): void;
  close(): void;
}

/** Creates the official browser client of a user, and subscribes to the feed channel. */
export function listenToFeed(
  url: string,
  user: string,
  channel: string,
  { key = "pk_test", token, ...options }: FeedClientOptions & { key?: string; token?: string } = {},
): BrowserFeed {
  const knock = new Knock(key, { host: url });
  knock.authenticate({ id: user }, token, { identificationStrategy: "skip" });
  const feed = knock.feeds.initialize(channel, options);
  const received: string[] = [];
  feed.on("items.received.realtime", ({ items }: { items: { id: string }[] }) => {
    received.push(...items.map(({ id }) => id));
  });
  feed.listenForUpdates();
  let opened = 0;
  const client = knock.client() as unknown as OnlineClient;
  client.socket.onOpen(() => opened++);
  return {
    feed,
    received,
    opened: () => opened,
    goOnline: () => client.handleOnline(),
    close() {
      feed.dispose();
      knock.teardown();
    },
  };
}

export interface BrowserGuides {
  guides: KnockGuideClient;
  /** Returns the fetched guide that a page would show now, or undefined. */
  selectGuide(filters?: KnockGuideFilterParams): KnockGuide | undefined;
  close(): void;
}

/** Creates the official browser client's guides for a user. */
export function createGuideClient(
  url: string,
  user: string,
  channel: string,
  target: KnockGuideTargetParams = {},
  { key = "pk_test", token }: { key?: string; token?: string } = {},
): BrowserGuides {
  const knock = new Knock(key, { host: url });
  knock.authenticate({ id: user }, token, { identificationStrategy: "skip" });
  const guides = new KnockGuideClient(knock, channel, target, {
    trackLocationFromWindow: false,
    throttleCheckInterval: 0,
  });
  return {
    guides,
    // The client shows no guide until its page has settled. Its own tests use this method to select a guide at once.
    selectGuide: (filters = {}) => (guides as unknown as GuideSelector)._selectGuide(guides.store.state, filters),
    close() {
      guides.cleanup();
      knock.teardown();
    },
  };
}

/** The parts of the official client that its types lack. */
interface OnlineClient {
  socket: { onOpen(callback: () => void): void };
  handleOnline(): void;
}

interface GuideSelector {
  _selectGuide(state: KnockGuideClientStoreState, filters: KnockGuideFilterParams): KnockGuide | undefined;
}
