import type { FeedCounts, FeedFilter } from "../../../../domain/message/feed-filter.js";
import { toRecipientKey } from "../../../../domain/recipient/recipient.js";
import type { LocalOperations } from "../../../../ports/operations.js";
import { type Json, type JsonObject, stringifyValue } from "../../../../util/json.js";
import { parseFeedFilter } from "../http/parse-feed-filter.js";
import { Query } from "../http/query.js";

/** The page size of the API's lists. */
export const PAGE_SIZE = 50;
/** The number of clients whose feeds are read before other requests are processed. */
const CLIENTS_PER_TURN = 20;

export type ListFeed = LocalOperations["resources"]["feeds"]["list"];
export type ReadNewMessages = LocalOperations["resources"]["feeds"]["readNewMessages"];

/** Parses `feeds:<channel>:<user>`. A user's ID may contain colons. */
export function parseFeedTopic(topic: string): { channel: string; user: string } | null {
  const [, channel, user] = /^feeds:([^:]+):(.+)$/s.exec(topic) ?? [];
  return channel === undefined || user === undefined ? null : { channel, user };
}

/** Converts a client's options to a query, so that filters are parsed and rejected as in HTTP requests. */
function toQuery(options: Json): Query {
  const search = new URLSearchParams();
  if (typeof options === "object" && options !== null && !Array.isArray(options))
    for (const [name, value] of Object.entries(options)) {
      if (Array.isArray(value)) for (const item of value) search.append(`${name}[]`, stringifyValue(item));
      else if (value !== null && value !== undefined) search.append(name, stringifyValue(value));
    }
  return new Query(search.toString());
}

function toCounts(meta: JsonObject): FeedCounts & JsonObject {
  return {
    total_count: Number(meta.total_count),
    unread_count: Number(meta.unread_count),
    unseen_count: Number(meta.unseen_count),
  };
}

/** One joined channel of a socket. The feed clients of a page share it, each with its own filter. */
export class FeedSubscription {
  private constructor(
    /** Identifies the feed. Subscriptions with the same key see the same items. */
    readonly key: string,
    readonly feed: FeedFilter & { channel: string },
    private readonly clients: ReadonlyMap<string, FeedFilter>,
    /** Sends a `new-message` event to the socket. */
    private readonly send: (payload: JsonObject) => void,
  ) {}

  /** Creates a subscription. Throws for invalid options, as the HTTP feed does. */
  static create(
    topic: string,
    { channel, user, granted }: { channel: string; user: string; granted: FeedFilter["granted"] },
    payload: JsonObject,
    send: (payload: JsonObject) => void,
  ): FeedSubscription {
    const feed = { recipient: toRecipientKey(user), channel, granted };
    const clients = Object.entries(payload).map(([ref, options]): [string, FeedFilter] => [
      ref,
      { ...feed, ...parseFeedFilter(toQuery(options ?? null)) },
    ]);
    return new FeedSubscription(granted ? `${topic} ${JSON.stringify(granted)}` : topic, feed, new Map(clients), send);
  }

  /**
   * Sends new items to the clients whose filter they match, with the counts of each client (R-055, R-056, RQ-3).
   * `isNew` decides by item ID; with null, all clients are notified. Sends nothing if clients are named and no item matches their
   * filters.
   */
  async announceNewItems(list: ListFeed, isNew: ((id: string) => boolean) | null): Promise<void> {
    const clientsToNotify: string[] = [];
    const data: Record<string, Json> = {};
    let listedCount = 0;
    for (const [ref, filter] of this.clients) {
      // The store is synchronous, and a join can name thousands of clients.
      if (++listedCount % CLIENTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      const { items, meta } = await list(filter, { limit: PAGE_SIZE });
      data[ref] = { metadata: toCounts(meta) };
      if (isNew === null || items.some(({ id }) => isNew(String(id)))) clientsToNotify.push(ref);
    }
    if (clientsToNotify.length === 0 && this.clients.size > 0) return;
    const { meta } = await list(this.feed, { limit: 1 });
    this.send({ event: "new-message", attn: clientsToNotify, metadata: toCounts(meta), data });
  }
}
