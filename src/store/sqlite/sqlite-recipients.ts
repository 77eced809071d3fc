import type { AudienceMembership, UserChange } from "../../domain/audience/audience.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import type { AudienceStore, UserChangeEffects } from "../../ports/audience-store.js";
import type { CausedWork, Claim } from "../../ports/due-store.js";
import type { PageRequest } from "../../ports/page-request.js";
import type {
  ChannelDataWrite,
  PreferenceWrite,
  RecipientFilter,
  RecipientStore,
  WrittenChannelData,
} from "../../ports/recipient-store.js";
import type { SubscriptionFilter, SubscriptionStore } from "../../ports/subscription-store.js";
import type { Connection } from "./connection/connection.js";
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
import { readRecipients, upsertRecipients } from "./recipient/recipients.js";
import { deleteSubscriptions, listSubscriptions, upsertSubscriptions } from "./recipient/subscriptions.js";
import { writeChannelData, writePreferenceSets } from "./recipient/write-recipient-parts.js";
import { SharedRows } from "./run/shared-rows.js";
import { listSubscribers } from "./work/fan-outs.js";
import { claimUserChanges, saveUserChanges } from "./work/user-changes.js";

/** Recipients, subscriptions and audiences in a SQLite store. */
export class SqliteRecipients implements RecipientStore, SubscriptionStore, AudienceStore {
  readonly shared: SharedRows;

  constructor(readonly db: Connection) {
    this.shared = new SharedRows(db);
  }

  async readRecipients(keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>> {
    return readRecipients(this.db, keys);
  }

  async upsertRecipients(upserts: readonly RecipientUpsert[], at: number): Promise<CausedWork> {
    return upsertRecipients(this.db, upserts, at);
  }

  async listRecipients(filter: RecipientFilter, page: PageRequest) {
    return listRecipients(this.db, filter, page);
  }

  async deleteRecipients(keys: readonly RecipientKey[]): Promise<Set<RecipientKey>> {
    return deleteRecipients(this.db, keys);
  }

  async mergeRecipients(into: RecipientKey, from: RecipientKey, at: number): Promise<CausedWork | null> {
    return mergeRecipients(this.db, this.shared, into, from, at);
  }

  async writePreferenceSets(writes: readonly PreferenceWrite[], at: number): Promise<CausedWork> {
    return writePreferenceSets(this.db, writes, at);
  }

  async writeChannelData(writes: readonly ChannelDataWrite[], at: number): Promise<WrittenChannelData> {
    return writeChannelData(this.db, writes, at);
  }

  async listSubscribers(object: RecipientKey, after: number | null, limit: number) {
    return listSubscribers(this.db, object, after, limit);
  }

  async upsertSubscriptions(subscriptions: readonly Subscription[], at: number) {
    return upsertSubscriptions(this.db, subscriptions, at);
  }

  async deleteSubscriptions(pairs: readonly Pick<Subscription, "object" | "recipient">[]) {
    return deleteSubscriptions(this.db, pairs);
  }

  async listSubscriptions(filter: SubscriptionFilter, page: PageRequest) {
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

  async listAudienceMembers(audience: string, page: PageRequest) {
    return listAudienceMembers(this.db, audience, page);
  }

  async claimUserChanges(claim: Claim, limit: number): Promise<UserChange[]> {
    return claimUserChanges(this.db, claim, limit);
  }

  async saveUserChanges(changes: UserChangeEffects, token: string, now: number) {
    return saveUserChanges(this.db, this.shared, changes, token, now);
  }
}
