import type { AudienceMembership, UserChange } from "../../domain/audience/audience.js";
import { type Recipient, type RecipientKey, type RecipientUpsert, USERS } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import * as rules from "../../domain/recipient/write-recipient-part.js";
import type { AudienceStore, UserChangeEffects } from "../../ports/audience-store.js";
import type { CausedWork, Claim } from "../../ports/due-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type {
  ChannelDataWrite,
  PreferenceWrite,
  RecipientFilter,
  RecipientStore,
  WrittenChannelData,
} from "../../ports/recipient-store.js";
import type { SubscriptionFilter, SubscriptionStore } from "../../ports/subscription-store.js";
import { type RecipientRow, toRecipient } from "../rows/recipient-row.js";
import { RECIPIENT_BYTES } from "../rows/row-bytes.js";
import type { Connection } from "./connection/connection.js";
import { readPage, SqlFilters } from "./connection/read-page.js";
import {
  addAudienceMembers,
  listAudienceMembers,
  readAudienceKeys,
  readMemberships,
  removeAudienceMembers,
} from "./recipient/audiences.js";
import { deleteRecipients } from "./recipient/delete-recipients.js";
import { mergeRecipients } from "./recipient/merge-recipients.js";
import { changeRecipient, readRecipients, upsertRecipients } from "./recipient/recipients.js";
import { deleteSubscriptions, listSubscriptions, upsertSubscriptions } from "./recipient/subscriptions.js";
import { SharedRows } from "./run/shared-rows.js";
import { listSubscribers } from "./work/fan-outs.js";
import { claimUserChanges, saveUserChanges } from "./work/user-changes.js";

function recipientExists(db: Connection, key: string): boolean {
  return db.get("SELECT 1 FROM recipients WHERE key = ?", key) !== undefined;
}

function writePreferenceSets(db: Connection, writes: readonly PreferenceWrite[], at: number): CausedWork {
  return db.writeAndCollect(() => {
    for (const write of writes) {
      if (write.set === null && !recipientExists(db, write.recipient)) continue;
      changeRecipient(db, write.recipient, at, (before) => rules.writePreferenceSet(before, write));
    }
  }).caused;
}

function writeChannelData(db: Connection, writes: readonly ChannelDataWrite[], at: number): WrittenChannelData {
  const { result: replaced, caused } = db.writeAndCollect(() => {
    let count = 0;
    for (const write of writes) {
      if (write.data === null && !recipientExists(db, write.recipient)) continue;
      changeRecipient(db, write.recipient, at, (before) => {
        if (before !== null && Object.hasOwn(before.channel_data, write.channel_id)) count++;
        return rules.writeChannelData(before, write);
      });
    }
    return count;
  });
  return { replaced, caused };
}

/** The collection in a key. The indexes of the table have the same text. */
const COLLECTION = "substr(key, 1, instr(key, '/') - 1)";

/** Returns one page of a collection's recipients; with null, those of all collections except users. */
function listRecipients(
  db: Connection,
  { collection, id, name }: RecipientFilter,
  page: PageRequest,
): Paged<Recipient> {
  const filters = new SqlFilters()
    .add(`${COLLECTION} = ?`, collection ?? undefined)
    .add("r.key = ?", id === undefined ? undefined : `${collection}/${id}`)
    .add("json_extract(r.properties, '$.name') = ?", name);
  if (collection === null) filters.conditions.push(`${COLLECTION} <> '${USERS}'`);
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRow & { row: number }>(
      db,
      {
        kind: "recipients",
        columns: "r.row, r.key, r.properties, r.preferences, r.channel_data, r.inserted_at, r.updated_at",
        from: "FROM recipients r",
        bytes: RECIPIENT_BYTES,
        key: "r.row",
        filters,
      },
      page,
    );
    return { items: rows.map(toRecipient), page_info };
  });
}

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
