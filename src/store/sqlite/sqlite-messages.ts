import type { Guide } from "../../domain/guide/guide.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { FeedFilter } from "../../domain/message/feed-filter.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import { requeueMessage } from "../../domain/message/requeue-message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Claim } from "../../ports/due-store.js";
import type { FeedStore, NewMessages } from "../../ports/feed-store.js";
import type { MessageQuery } from "../../ports/filters.js";
import type { GuideEngagement, GuideStore } from "../../ports/guide-store.js";
import type { ChangedMessages, MessageStore, SavedMessages } from "../../ports/message-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { JsonObject } from "../../util/json.js";
import { packMessageEvents } from "../rows/event-codec.js";
import type { MessageRow } from "../rows/message-row.js";
import type { Connection } from "./connection/connection.js";
import { readDeliveryLogs } from "./message/delivery-logs.js";
import { readGuideMessages, recordGuideEngagement, resetGuide } from "./message/guide-messages.js";
import { listFeed, readNewMessages } from "./message/list-feed.js";
import { listMessageIds, listMessages } from "./message/list-messages.js";
import { deleteMessages, markMessages, readMessages, selectMessageRows } from "./message/mark-messages.js";
import { toMessages } from "./message/message-rows.js";
import type { SharedRows } from "./run/shared-rows.js";
import { recordMessageEvents } from "./run/waits.js";
import { SqliteRecipients } from "./sqlite-recipients.js";
import { claimDueMessages } from "./work/claim-due-work.js";
import { saveMessages } from "./work/save-work.js";

/**
 * Queues undelivered messages again and returns them (E-213). Messages that have changed in the meantime are left as they
 * are.
 */
function retryMessages(db: Connection, shared: SharedRows, ids: readonly string[], at: number): ChangedMessages {
  const { result: messages, caused } = db.writeAndCollect(() => {
    const rows = selectMessageRows(db, ids);
    const update = db.prepare(
      "UPDATE messages SET status = ?, due_at = ?, attempts = ?, events = ?, updated_at = ? WHERE row = ?",
    );
    return toMessages(db, shared, rows).flatMap((before, index) => {
      const queued = requeueMessage(before, at);
      if (queued === null) return [];
      const { status, due_at, attempts, events, updated_at, inserted_at } = queued;
      const { row } = rows[index] as MessageRow;
      update.run(status, due_at, attempts, packMessageEvents(events, inserted_at), updated_at, row);
      shared.blocks.record("messages.status", status, row);
      recordMessageEvents(db, [{ message: queued, events: events.slice(before.events.length) }]);
      return [queued];
    });
  });
  return { messages, caused };
}

/** Messages, feeds and guides in a SQLite store. */
export class SqliteMessages extends SqliteRecipients implements MessageStore, FeedStore, GuideStore {
  async claimDueMessages(claim: Claim, limit: number): Promise<Message[]> {
    return claimDueMessages(this.db, this.shared, claim, limit);
  }

  async saveMessages(
    messages: readonly Message[],
    token: string,
    logs: readonly DeliveryLog[] = [],
  ): Promise<SavedMessages> {
    return saveMessages(this.db, this.shared, messages, token, logs);
  }

  async readDeliveryLogs(messageId: string): Promise<DeliveryLog[]> {
    return readDeliveryLogs(this.db, messageId);
  }

  async readMessages(ids: readonly string[]): Promise<Message[]> {
    return readMessages(this.db, this.shared, ids);
  }

  async listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<Message>> {
    return listMessages(this.db, this.shared, filter, page);
  }

  async markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata: JsonObject | null = null,
  ): Promise<ChangedMessages> {
    return markMessages(this.db, this.shared, ids, action, at, metadata);
  }

  async retryMessages(ids: readonly string[], at: number): Promise<ChangedMessages> {
    return retryMessages(this.db, this.shared, ids, at);
  }

  async listMessageIds(after: string | null): Promise<string[]> {
    return listMessageIds(this.db, after);
  }

  async deleteMessages(ids: readonly string[]): Promise<void> {
    deleteMessages(this.db, this.shared, ids);
  }

  async listFeed(filter: FeedFilter, page: PageRequest) {
    return listFeed(this.db, this.shared, filter, page);
  }

  async readNewMessages(cursor: string | null): Promise<NewMessages> {
    return readNewMessages(this.db, cursor);
  }

  async readGuideMessages(user: RecipientKey): Promise<Message[]> {
    return readGuideMessages(this.db, this.shared, user);
  }

  async recordGuideEngagement(engagement: GuideEngagement, at: number) {
    return recordGuideEngagement(this.db, this.shared, engagement, at);
  }

  async resetGuide(user: RecipientKey, guide: Pick<Guide, "key" | "scope">, tenant: string | null): Promise<number> {
    return resetGuide(this.db, user, guide, tenant);
  }
}
