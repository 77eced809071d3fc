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

// What the official client looks for to tell that it is in a browser. Phoenix reads WebSocket as it is loaded, or finds it
// on `self`; it is set before any client is made.
Object.assign(globalThis, { window: globalThis, self: globalThis, WebSocket });

export interface BrowserFeed {
  feed: Feed;
  /** Ids of the items that came in over the socket. */
  received: string[];
  close(): void;
}

/** The official browser client of a user, listening to the feed channel. */
export function listenToFeed(url: string, user: string, channel: string, options: FeedClientOptions = {}): BrowserFeed {
  const knock = new Knock("pk_test", { host: url });
  knock.authenticate({ id: user }, undefined, { identificationStrategy: "skip" });
  const feed = knock.feeds.initialize(channel, options);
  const received: string[] = [];
  feed.on("items.received.realtime", ({ items }: { items: { id: string }[] }) => {
    received.push(...items.map(({ id }) => id));
  });
  feed.listenForUpdates();
  return {
    feed,
    received,
    close() {
      feed.dispose();
      knock.teardown();
    },
  };
}

export interface BrowserGuides {
  guides: KnockGuideClient;
  /** The guide that a page would show now, of those fetched; undefined where there is none. */
  selectGuide(filters?: KnockGuideFilterParams): KnockGuide | undefined;
  close(): void;
}

/** The official browser client's guides of a user. */
export function createGuideClient(
  url: string,
  user: string,
  channel: string,
  target: KnockGuideTargetParams = {},
): BrowserGuides {
  const knock = new Knock("pk_test", { host: url });
  knock.authenticate({ id: user }, undefined, { identificationStrategy: "skip" });
  const guides = new KnockGuideClient(knock, channel, target, {
    trackLocationFromWindow: false,
    throttleCheckInterval: 0,
  });
  return {
    guides,
    // The client holds a guide back until its page has settled: this is what its own tests use to have it at once.
    selectGuide: (filters = {}) => (guides as unknown as GuideSelector)._selectGuide(guides.store.state, filters),
    close() {
      guides.cleanup();
      knock.teardown();
    },
  };
}

interface GuideSelector {
  _selectGuide(state: KnockGuideClientStoreState, filters: KnockGuideFilterParams): KnockGuide | undefined;
}
