import type { Guide } from "../../domain/guide/guide.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { FeedFilter } from "../../domain/message/feed-filter.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Claim } from "../../ports/due-store.js";
import type { FeedStore, NewMessages } from "../../ports/feed-store.js";
import type { IdKind, MessageQuery, RunQuery } from "../../ports/filters.js";
import type { GuideEngagement, GuideStore } from "../../ports/guide-store.js";
import type { ChangedMessages, MessageStore, SavedMessages } from "../../ports/message-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { OutcomeRuns, RunCounts, StoredRun } from "../../ports/run-store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import type { JsonObject } from "../../util/json.js";
import { createPostgresLogs } from "./log/postgres-logs.js";
import { readDeliveryLogs } from "./message/delivery-logs.js";
import { keepCountsOfLargeFeed } from "./message/feed-counts.js";
import { listSharedRows, readGuideMessages, recordGuideEngagement, resetGuide } from "./message/guide-messages.js";
import { listFeed } from "./message/list-feed.js";
import { listMessageIds, listMessages } from "./message/list-messages.js";
import { deleteMessages, markMessages, retryMessages } from "./message/mark-messages.js";
import { selectMessageRows, toMessages } from "./message/message-rows.js";
import { readNewMessages } from "./message/read-new-messages.js";
import { saveMessages } from "./message/save-messages.js";
import { PostgresRecipients } from "./postgres-recipients.js";
import { listIdsByPrefix } from "./run/list-ids-by-prefix.js";
import { listRecipientRuns, readRecipientRun } from "./run/list-runs.js";
import { countRuns, readOutcomeRuns, readWorkflowRun } from "./run/outcome-runs.js";
import { claimDueMessages } from "./work/claim-messages.js";

/** Messages, feeds, guides and lists of runs in a PostgreSQL store. */
export class PostgresMessages extends PostgresRecipients implements MessageStore, FeedStore, GuideStore {
  async claimDueMessages(claim: Claim, limit: number): Promise<Message[]> {
    return claimDueMessages(this.db, this.shared, claim, limit);
  }

  async saveMessages(
    messages: readonly Message[],
    token: string,
    logs: readonly DeliveryLog[] = [],
  ): Promise<SavedMessages> {
    return this.db.write(async (tx) => {
      const saved = await saveMessages(tx, this.shared, messages, token, logs);
      return { saved, caused: tx.getCausedWork() };
    });
  }

  async readDeliveryLogs(messageId: string): Promise<DeliveryLog[]> {
    return readDeliveryLogs(this.db, messageId);
  }

  async readMessages(ids: readonly string[]): Promise<Message[]> {
    return this.db.read(async (tx) => toMessages(tx, this.shared, await selectMessageRows(tx, ids)));
  }

  async listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<Message>> {
    return this.db.readList((tx) => listMessages(tx, this.shared, filter, page));
  }

  async listMessageIds(after: string | null): Promise<string[]> {
    return listMessageIds(this.db, after);
  }

  async markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata: JsonObject | null = null,
  ): Promise<ChangedMessages> {
    return this.db.write(async (tx) => {
      const messages = await markMessages(tx, this.shared, ids, action, at, metadata);
      return { messages, caused: tx.getCausedWork() };
    });
  }

  async retryMessages(ids: readonly string[], at: number): Promise<ChangedMessages> {
    return this.db.write(async (tx) => {
      const messages = await retryMessages(tx, this.shared, ids, at);
      return { messages, caused: tx.getCausedWork() };
    });
  }

  async deleteMessages(ids: readonly string[]): Promise<void> {
    await this.db.write((tx) => deleteMessages(tx, this.shared, ids));
  }

  async listFeed(filter: FeedFilter, page: PageRequest) {
    await keepCountsOfLargeFeed(this.db, filter.recipient);
    return this.db.readList((tx) => listFeed(tx, this.shared, filter, page));
  }

  async readNewMessages(cursor: string | null): Promise<NewMessages> {
    return readNewMessages(this.db, cursor);
  }

  async readGuideMessages(user: RecipientKey): Promise<Message[]> {
    return this.db.read((tx) => readGuideMessages(tx, this.shared, user));
  }

  async recordGuideEngagement(engagement: GuideEngagement, at: number) {
    await this.shared.insert(this.db, listSharedRows(engagement));
    return this.db.write(async (tx) => {
      const message = await recordGuideEngagement(tx, this.shared, engagement, at);
      return { message, caused: tx.getCausedWork() };
    });
  }

  async resetGuide(user: RecipientKey, guide: Pick<Guide, "key" | "scope">, tenant: string | null): Promise<number> {
    return this.db.write((tx) => resetGuide(tx, user, guide, tenant));
  }

  async readWorkflowRun(id: string) {
    return this.db.read((tx) => readWorkflowRun(tx, this.shared, id));
  }

  async readOutcomeRuns(id: string, after: number | null, limit: number): Promise<OutcomeRuns> {
    return this.db.readList((tx) => readOutcomeRuns(tx, id, after, limit));
  }

  async countRuns(id: string): Promise<RunCounts> {
    return this.db.read((tx) => countRuns(tx, id));
  }

  async readRecipientRun(id: string): Promise<StoredRun | null> {
    return this.db.read((tx) => readRecipientRun(tx, this.shared, id));
  }

  async listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]> {
    return listIdsByPrefix(this.db, kind, prefix, limit);
  }

  async listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<StoredRun>> {
    return this.db.readList((tx) => listRecipientRuns(tx, this.shared, filter, page));
  }

  async openLogs(): Promise<StoreLogs> {
    return createPostgresLogs(this.db, this.shared);
  }
}
