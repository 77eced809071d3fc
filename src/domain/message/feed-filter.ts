import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";

export const FEED_STATUSES = ["unread", "read", "unseen", "seen", "all"] as const;
export type FeedStatus = (typeof FEED_STATUSES)[number];

export const FEED_ARCHIVED = ["exclude", "include", "only"] as const;
export type FeedArchived = (typeof FEED_ARCHIVED)[number];

/** Selects items of a recipient's feed. An item must match every field that is set (A-101b). */
export interface FeedFilter {
  recipient: RecipientKey;
  /** The key or ID of a channel. */
  channel?: string | undefined;
  /**
   * Selects items of this tenant and items without a tenant. If `has_tenant` is true, the latter are excluded (A-101a).
   */
  tenant?: string | undefined;
  has_tenant?: boolean | undefined;
  /** Limits the feed to items of these tenants, and to items without a tenant if `untagged` is true. */
  granted?: { tenants: readonly string[]; untagged: boolean } | undefined;
  /** Default: `all`. */
  status?: FeedStatus | undefined;
  /** Default: `exclude` (E-228). */
  archived?: FeedArchived | undefined;
  /** The key of a workflow. */
  source?: string | undefined;
  /** Selects items that have any of these categories. */
  workflow_categories?: readonly string[] | undefined;
  /** Top-level pairs that an item's data must contain. None is nested. */
  trigger_data?: JsonObject | undefined;
  /** Limits in milliseconds since 1970. `gte` and `lte` include the limit itself. */
  inserted_at?: Partial<Record<"gt" | "gte" | "lt" | "lte", number>> | undefined;
}

export interface FeedCounts {
  total_count: number;
  unread_count: number;
  unseen_count: number;
}
