import type { AudienceMembership } from "../../domain/audience/audience.js";
import { type Recipient, type RecipientKey, type RecipientUpsert, USERS } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import * as rules from "../../domain/recipient/write-recipient-part.js";
import type { RecipientsFileMark } from "../../domain/request/parse-recipients-file.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { CausedWork } from "../../ports/due-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type {
  ChannelDataWrite,
  PreferenceWrite,
  RecipientFilter,
  RecipientStore,
  WrittenChannelData,
} from "../../ports/recipient-store.js";
import type { Seed } from "../../ports/seed-store.js";
import type { SubscriptionFilter, SubscriptionStore } from "../../ports/subscription-store.js";
import { type RecipientRow, toRecipient } from "../rows/recipient-row.js";
import { RECIPIENT_BYTES } from "../rows/row-bytes.js";
import type { Connection } from "./connection/connection.js";
import { readPage } from "./connection/read-page.js";
import { SqlFilters } from "./connection/sql-filters.js";
import type { Reader, Transaction } from "./connection/transaction.js";
import { deleteMembers, insertMembers } from "./recipient/audience-members.js";
import { addAudienceMembers, listAudienceMembers, readMemberships } from "./recipient/audiences.js";
import { deleteRecipients } from "./recipient/delete-recipients.js";
import { mergeRecipients } from "./recipient/merge-recipients.js";
import {
  applyUpserts,
  RECIPIENT_COLUMNS,
  type RecipientChange,
  readRecipients,
  writeRecipients,
} from "./recipient/recipients.js";
import {
  applySubscriptions,
  deleteSubscriptions,
  listSubscribers,
  listSubscriptions,
  upsertSubscriptions,
} from "./recipient/subscriptions.js";
import { SharedRows } from "./run/shared-rows.js";

async function writePreferenceSets(tx: Transaction, writes: readonly PreferenceWrite[], at: number): Promise<void> {
  const changes = writes.map(
    (write): RecipientChange => ({
      key: write.recipient,
      change: (before) => (before === null && write.set === null ? null : rules.writePreferenceSet(before, write)),
    }),
  );
  await writeRecipients(tx, changes, at);
}

/** Writes channel data, and returns how many entries existed before. */
async function writeChannelData(tx: Transaction, writes: readonly ChannelDataWrite[], at: number): Promise<number> {
  const changes = writes.map(
    (write): RecipientChange => ({
      key: write.recipient,
      change: (before) => (before === null && write.data === null ? null : rules.writeChannelData(before, write)),
    }),
  );
  const before = await writeRecipients(tx, changes, at);
  return writes.filter(({ channel_id }, index) => {
    const recipient = before[index];
    return recipient != null && Object.hasOwn(recipient.channel_data, channel_id);
  }).length;
}

/** The advisory lock of processes that apply seeds, which do so one after another. */
const SEED_LOCK = 7_205;

async function readSeeds(tx: Reader): Promise<Map<string, RecipientsFileMark>> {
  const rows = await tx.all<RecipientsFileMark & { file: string }>("SELECT file, digest, stamp FROM seeds");
  return new Map(rows.map(({ file, digest, stamp }) => [file, { digest, stamp }]));
}

/**
 * Applies seed files, which set up data and start no runs. A seed that another process applied first is skipped: its digest is
 * checked again under the lock.
 */
async function applySeeds(tx: Transaction, seeds: readonly Seed[], at: number): Promise<void> {
  await tx.all("SELECT pg_advisory_xact_lock($1)", SEED_LOCK);
  const applied = await readSeeds(tx);
  for (const { file, digest, stamp = null, recipients, subscriptions, audiences } of seeds) {
    if (applied.get(file)?.digest === digest) {
      await tx.run("UPDATE seeds SET stamp = $1 WHERE file = $2", stamp, file);
      continue;
    }
    await applyUpserts(tx, recipients, at, { quietly: true });
    await applySubscriptions(tx, subscriptions, at);
    for (const { key, members } of audiences) await insertMembers(tx, key, members, at);
    await tx.run(
      "INSERT INTO seeds (file, digest, stamp, applied_at) VALUES ($1, $2, $3, $4) ON CONFLICT (file) DO UPDATE SET digest = excluded.digest, stamp = excluded.stamp, applied_at = excluded.applied_at",
      file,
      digest,
      stamp,
      at,
    );
  }
}

/** Returns one page of a collection's recipients; with null, those of all collections except users. */
async function listRecipients(
  tx: Reader,
  { collection, id, name }: RecipientFilter,
  page: PageRequest,
): Promise<Paged<Recipient>> {
  const filters = new SqlFilters()
    .add("r.key = ?", id === undefined ? undefined : `${collection}/${id}`)
    .addPairs("r.properties", name === undefined ? undefined : { name });
  if (collection === null) filters.conditions.push(`split_part(r.key, '/', 1) <> '${USERS}'`);
  const { rows, page_info } = await readPage<RecipientRow & { row: number }>(
    tx,
    {
      kind: "recipients",
      columns: `r.row, ${RECIPIENT_COLUMNS}`,
      from: "FROM recipients r",
      bytes: RECIPIENT_BYTES,
      key: "r.row",
      filters,
      group:
        collection === null || id !== undefined
          ? undefined
          : { column: "split_part(r.key, '/', 1)", value: filters.bind(collection) },
      isSelective: id !== undefined,
    },
    page,
  );
  return { items: rows.map(toRecipient), page_info };
}

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
