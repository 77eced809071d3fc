import type { FeedCounts, FeedFilter } from "../domain/message/feed-filter.js";
import type { Message } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { Paged, PageRequest } from "./page-request.js";

/** Recipients with newly created messages. Delayed deliveries and merges do not count. */
export interface NewMessages {
  /** To ask with the next time. */
  mark: string;
  /** Null: anybody, as far as can be told. */
  recipients: RecipientKey[] | null;
}

/** Reads in-app feeds. */
export interface FeedStore {
  /** In-app feed messages of a recipient; `counts` ignore status and paging. */
  listFeed(
    filter: FeedFilter,
    page: PageRequest,
  ): Promise<Paged<{ message: Message; cursor: string }> & { counts: FeedCounts }>;
  /** Who got messages after an earlier call's `mark`; null where that is not known, or they are many. */
  readNewMessages(mark: string | null): Promise<NewMessages>;
}
