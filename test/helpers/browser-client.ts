import Knock, { type Feed, type FeedClientOptions } from "@knocklabs/client";
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
export function listen(url: string, user: string, channel: string, options: FeedClientOptions = {}): BrowserFeed {
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
