import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";

export const FEED_STATUSES = ["unread", "read", "unseen", "seen", "all"] as const;
export type FeedStatus = (typeof FEED_STATUSES)[number];

export const FEED_ARCHIVED = ["exclude", "include", "only"] as const;
export type FeedArchived = (typeof FEED_ARCHIVED)[number];

/** Which items of a recipient's feed; all that is set must hold (A-101b). */
export interface FeedFilter {
  recipient: RecipientKey;
  /** A channel's key or id. */
  channel?: string | undefined;
  /** Items of the tenant and those without one; with `has_tenant` true only the former (A-101a). */
  tenant?: string | undefined;
  has_tenant?: boolean | undefined;
  /** Only items of these tenants, and those without one where it says so. */
  granted?: { tenants: readonly string[]; untagged: boolean } | undefined;
  /** `all` by default. */
  status?: FeedStatus | undefined;
  /** `exclude` by default (E-228). */
  archived?: FeedArchived | undefined;
  /** A workflow's key. */
  source?: string | undefined;
  /** Any of these. */
  workflow_categories?: readonly string[] | undefined;
  /** Pairs that an item's data has at its top; none is nested. */
  trigger_data?: JsonObject | undefined;
  /** Milliseconds; the bounds themselves count only in the `e` forms. */
  inserted_at?: Partial<Record<"gt" | "gte" | "lt" | "lte", number>> | undefined;
}

export interface FeedCounts {
  total_count: number;
  unread_count: number;
  unseen_count: number;
}
