import type { AudienceMembership } from "../../domain/audience/audience.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import type { RecipientsFileMark } from "../../domain/request/parse-recipients-file.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { CausedWork } from "../../ports/due-store.js";
import type { PageRequest } from "../../ports/page-request.js";
import type {
  ChannelDataWrite,
  PreferenceWrite,
  RecipientFilter,
  RecipientStore,
  WrittenChannelData,
} from "../../ports/recipient-store.js";
import type { Seed } from "../../ports/seed-store.js";
import type { SubscriptionFilter, SubscriptionStore } from "../../ports/subscription-store.js";
import type { Connection } from "./connection/connection.js";
import { deleteMembers } from "./recipient/audience-members.js";
import { addAudienceMembers, listAudienceMembers, readMemberships } from "./recipient/audiences.js";
import { deleteRecipients } from "./recipient/delete-recipients.js";
import { listRecipients } from "./recipient/list-recipients.js";
import { mergeRecipients } from "./recipient/merge-recipients.js";
import { applyUpserts, readRecipients } from "./recipient/recipients.js";
import { applySeeds, readSeeds } from "./recipient/seeds.js";
import {
  deleteSubscriptions,
  listSubscribers,
  listSubscriptions,
  upsertSubscriptions,
} from "./recipient/subscriptions.js";
import { writeChannelData, writePreferenceSets } from "./recipient/write-recipient-parts.js";
import { SharedRows } from "./run/shared-rows.js";

/** Recipients, subscriptions and audiences in a PostgreSQL store. */
export class PostgresRecipients
  implements RecipientStore, SubscriptionStore, Omit<AudienceStore, "claimUserChanges" | "saveUserChanges">
{
  readonly shared = new SharedRows();

  constructor(readonly db: Connection) {}

  async readRecipients(keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>> {
    if (keys.length === 0) return new Map();
    return readRecipients(this.db, keys);
  }

  async upsertRecipients(upserts: readonly RecipientUpsert[], at: number): Promise<CausedWork> {
    return this.db.write(async (tx) => {
      await applyUpserts(tx, upserts, at);
      return tx.getCausedWork();
    });
  }

  async listRecipients(filter: RecipientFilter, page: PageRequest) {
    return this.db.readList((tx) => listRecipients(tx, filter, page));
  }

  async deleteRecipients(keys: readonly RecipientKey[]): Promise<Set<RecipientKey>> {
    return this.db.write((tx) => deleteRecipients(tx, keys));
  }

  async mergeRecipients(into: RecipientKey, from: RecipientKey, at: number): Promise<CausedWork | null> {
    return this.db.write(async (tx) => ((await mergeRecipients(tx, into, from, at)) ? tx.getCausedWork() : null));
  }

  async writePreferenceSets(writes: readonly PreferenceWrite[], at: number): Promise<CausedWork> {
    return this.db.write(async (tx) => {
      await writePreferenceSets(tx, writes, at);
      return tx.getCausedWork();
    });
  }

  async writeChannelData(writes: readonly ChannelDataWrite[], at: number): Promise<WrittenChannelData> {
    return this.db.write(async (tx) => {
      const replaced = await writeChannelData(tx, writes, at);
      return { replaced, caused: tx.getCausedWork() };
    });
  }

  async listSubscribers(object: RecipientKey, after: number | null, limit: number) {
    return listSubscribers(this.db, object, after, limit);
  }

  async upsertSubscriptions(subscriptions: readonly Subscription[], at: number) {
    return this.db.write((tx) => upsertSubscriptions(tx, subscriptions, at));
  }

  async deleteSubscriptions(pairs: readonly Pick<Subscription, "object" | "recipient">[]) {
    return this.db.write((tx) => deleteSubscriptions(tx, pairs));
  }

  async listSubscriptions(filter: SubscriptionFilter, page: PageRequest) {
    return this.db.readList((tx) => listSubscriptions(tx, filter, page));
  }

  async readAudienceKeys(): Promise<string[]> {
    return (await this.db.all<{ key: string }>("SELECT key FROM audiences ORDER BY key")).map(({ key }) => key);
  }

  async addAudienceMembers(audience: string, members: readonly AudienceMembership[], at: number) {
    return this.db.write(async (tx) => {
      const added = await addAudienceMembers(tx, audience, members, at);
      return { added, caused: tx.getCausedWork() };
    });
  }

  async removeAudienceMembers(audience: string, members: readonly AudienceMembership[]) {
    return this.db.write((tx) => deleteMembers(tx, audience, members));
  }

  async readMemberships(users: readonly RecipientKey[]) {
    return readMemberships(this.db, users);
  }

  async listAudienceMembers(audience: string, page: PageRequest) {
    return this.db.readList((tx) => listAudienceMembers(tx, audience, page));
  }

  async readSeeds(): Promise<Map<string, RecipientsFileMark>> {
    return readSeeds(this.db);
  }

  async applySeeds(seeds: readonly Seed[], at: number): Promise<void> {
    await this.db.write((tx) => applySeeds(tx, seeds, at));
  }
}
