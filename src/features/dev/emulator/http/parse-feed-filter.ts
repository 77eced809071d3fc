import { FEED_ARCHIVED, FEED_STATUSES, type FeedFilter } from "../../../../domain/message/feed-filter.js";
import type { Query } from "./query.js";

/** Parses the feed filter of a request or of a socket's client. */
export function parseFeedFilter(query: Query): Omit<FeedFilter, "recipient" | "channel"> {
  return {
    status: query.choice("status", FEED_STATUSES),
    source: query.text("source"),
    tenant: query.text("tenant"),
    has_tenant: query.flag("has_tenant"),
    workflow_categories: query.list("workflow_categories"),
    archived: query.choice("archived", FEED_ARCHIVED),
    trigger_data: query.scalars(),
    inserted_at: query.bounds("inserted_at"),
  };
}
