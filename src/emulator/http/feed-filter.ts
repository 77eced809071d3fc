import type { Environment } from "../../domain/environment/environment.js";
import { FEED_ARCHIVED, FEED_STATUSES, type FeedFilter } from "../../domain/message/feed.js";
import { isUuid } from "../../util/ids.js";
import { ApiError, missing } from "./api-error.js";
import type { Query } from "./query.js";

/** A channel's key will do for its id, as everywhere; an id that is neither is no feed (AC-224, AC-225). */
export function requireFeed({ channels }: Environment, name: string): void {
  const channel = Object.values(channels).find((one) => one?.id === name || one?.key === name);
  if (channel === undefined && !isUuid(name)) throw missing();
  if (channel && channel.type !== "in_app_feed")
    throw new ApiError(
      422,
      "channel_invalid",
      `The channel ${channel.key} is of type ${channel.type}, not an in-app feed`,
    );
}

/** Which items a request or a socket's client asks for. */
export function feedFilterOf(query: Query): Omit<FeedFilter, "recipient" | "channel"> {
  return {
    status: query.oneOf("status", FEED_STATUSES),
    source: query.text("source"),
    tenant: query.text("tenant"),
    has_tenant: query.flag("has_tenant"),
    workflow_categories: query.list("workflow_categories"),
    archived: query.oneOf("archived", FEED_ARCHIVED),
    trigger_data: query.data(),
    inserted_at: query.bounds("inserted_at"),
  };
}
