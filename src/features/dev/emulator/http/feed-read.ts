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
