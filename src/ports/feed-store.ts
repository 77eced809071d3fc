import type { FeedCounts, FeedFilter } from "../domain/message/feed-filter.js";
import type { Message } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { Paged, PageRequest } from "./page-request.js";

/** The recipients of newly created messages. Later deliveries and merged recipients are not included. */
export interface NewMessages {
  /** Identifies the newest message, for the next call. */
  cursor: string;
  /** Null if the recipients are unknown or too many: any recipient may have new messages. */
  recipients: RecipientKey[] | null;
}

/** Reads in-app feeds. */
export interface FeedStore {
  /** Lists a recipient's in-app feed messages. `counts` ignores the status filter and paging. */
  listFeed(
    filter: FeedFilter,
    page: PageRequest,
  ): Promise<Paged<{ message: Message; cursor: string }> & { counts: FeedCounts }>;
  /**
   * Returns the recipients that got messages after the `cursor` of an earlier call, or null if that is unknown or they
   * are too many.
   */
  readNewMessages(cursor: string | null): Promise<NewMessages>;
}
