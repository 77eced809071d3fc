import type { RecipientKey } from "../../../../domain/recipient/recipient.js";

/** A page of a feed that a client has received. */
export interface FeedRead {
  recipient: RecipientKey;
  channel: string;
  /** The real time at which the request arrived, in milliseconds. */
  requestedAt: number;
  /** Whether the feed has items that are newer than the page. */
  hasNewerItems: boolean;
}

/** Formats a read for other servers, whose clocks may differ. */
export function formatFeedRead({ requestedAt, ...read }: FeedRead): string {
  return JSON.stringify({ ...read, age_ms: Date.now() - requestedAt });
}

export function parseFeedRead(text: string): FeedRead {
  const { age_ms, ...read } = JSON.parse(text) as Omit<FeedRead, "requestedAt"> & { age_ms: number };
  return { ...read, requestedAt: Date.now() - age_ms };
}
