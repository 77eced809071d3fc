import type { FeedCounts, FeedStatus } from "../../domain/message/feed-filter.js";
import type { EngagementAction } from "../../domain/message/message.js";

/** Conditions for engagement statuses. The negative ones match messages that lack the engagement. */
export const ENGAGEMENT_CONDITIONS: Record<EngagementAction, string> = {
  seen: "m.seen_at IS NOT NULL",
  unseen: "m.seen_at IS NULL",
  read: "m.read_at IS NOT NULL",
  unread: "m.read_at IS NULL",
  interacted: "m.interacted_at IS NOT NULL",
  link_clicked: "m.link_clicked_at IS NOT NULL",
  archived: "m.archived_at IS NOT NULL",
  unarchived: "m.archived_at IS NULL",
};

/** Conditions for the statuses of feed items. */
export const FEED_STATUS_CONDITIONS: Record<FeedStatus, string | null> = {
  unread: "m.read_at IS NULL",
  read: "m.read_at IS NOT NULL",
  unseen: "m.seen_at IS NULL",
  seen: "m.seen_at IS NOT NULL",
  all: null,
};

/** Returns the number of feed items with a status. */
export function getCountOfStatus({ total_count, unread_count, unseen_count }: FeedCounts, status: FeedStatus): number {
  const counts: Record<FeedStatus, number> = {
    all: total_count,
    unread: unread_count,
    read: total_count - unread_count,
    unseen: unseen_count,
    seen: total_count - unseen_count,
  };
  return counts[status];
}
