import type { AudienceMembership } from "../../domain/audience/audience.js";
import type { FeedFilter } from "../../domain/message/feed.js";
import type { Message } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import type { Page } from "../../ports/page.js";
import type {
  ChannelDataWrite,
  GuideEngagement,
  NewMessages,
  PreferenceWrite,
  RecipientFilter,
  ResourceStore,
  SubscriptionFilter,
} from "../../ports/resource-store.js";
import type { Connection } from "./connection/connection.js";
import { readSecret } from "./connection/secrets.js";
import { engageGuide, readGuideMessages, resetGuide } from "./message/guide-messages.js";
import { listFeed, newMessagesSince } from "./message/list-feed.js";
import { retryMessages } from "./message/retry-messages.js";
import {
  addAudienceMembers,
  listAudienceMembers,
  readAudienceKeys,
  readMemberships,
  removeAudienceMembers,
} from "./recipient/audiences.js";
import { deleteRecipients } from "./recipient/delete-recipients.js";
import { listRecipients } from "./recipient/list-recipients.js";
import { mergeRecipients } from "./recipient/merge-recipients.js";
import { writeChannelData, writePreferenceSets } from "./recipient/recipient-parts.js";
import { deleteSubscriptions, listSubscriptions, upsertSubscriptions } from "./recipient/subscriptions.js";
import { SharedRows } from "./run/shared-rows.js";

/** The resources of the SQLite store; what runs need is in the class that extends this one. */
export class SqliteResources implements ResourceStore {
  readonly shared: SharedRows;

  constructor(readonly db: Connection) {
    this.shared = new SharedRows(db);
  }

  async readSecret(name: string): Promise<string> {
    return readSecret(this.db, name);
  }

  async listRecipients(filter: RecipientFilter, page: Page) {
    return listRecipients(this.db, filter, page);
  }

  async deleteRecipients(keys: readonly RecipientKey[], at: number): Promise<Set<RecipientKey>> {
    return deleteRecipients(this.db, keys, at);
  }

  async retryMessages(ids: readonly string[], at: number): Promise<Message[]> {
    return retryMessages(this.db, this.shared, ids, at);
  }

  async mergeRecipients(into: RecipientKey, from: RecipientKey, at: number): Promise<boolean> {
    return mergeRecipients(this.db, into, from, at);
  }

  async writePreferenceSets(writes: readonly PreferenceWrite[], at: number): Promise<void> {
    writePreferenceSets(this.db, writes, at);
  }

  async writeChannelData(writes: readonly ChannelDataWrite[], at: number): Promise<number> {
    return writeChannelData(this.db, writes, at);
  }

  async upsertSubscriptions(subscriptions: readonly Subscription[], at: number) {
    return upsertSubscriptions(this.db, subscriptions, at);
  }

  async deleteSubscriptions(pairs: readonly Pick<Subscription, "object" | "recipient">[]) {
    return deleteSubscriptions(this.db, pairs);
  }

  async listSubscriptions(filter: SubscriptionFilter, page: Page) {
    return listSubscriptions(this.db, filter, page);
  }

  async readAudienceKeys(): Promise<string[]> {
    return readAudienceKeys(this.db);
  }

  async addAudienceMembers(audience: string, members: readonly AudienceMembership[], at: number) {
    return addAudienceMembers(this.db, audience, members, at);
  }

  async removeAudienceMembers(audience: string, members: readonly AudienceMembership[]) {
    return removeAudienceMembers(this.db, audience, members);
  }

  async readMemberships(users: readonly RecipientKey[]) {
    return readMemberships(this.db, users);
  }

  async listAudienceMembers(audience: string, page: Page) {
    return listAudienceMembers(this.db, audience, page);
  }

  async readGuideMessages(user: RecipientKey, tenant: string | null): Promise<Message[]> {
    return readGuideMessages(this.db, this.shared, user, tenant);
  }

  async engageGuide(engagement: GuideEngagement, at: number): Promise<Message> {
    return engageGuide(this.db, this.shared, engagement, at);
  }

  async resetGuide(user: RecipientKey, guide: string, tenant: string | null): Promise<number> {
    return resetGuide(this.db, user, guide, tenant);
  }

  async listFeed(filter: FeedFilter, page: Page) {
    return listFeed(this.db, this.shared, filter, page);
  }

  async newMessagesSince(mark: string | null): Promise<NewMessages> {
    return newMessagesSince(this.db, mark);
  }
}
