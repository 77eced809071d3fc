import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { StoredSubscription, Subscription } from "../../../domain/recipient/subscription.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { SubscriptionFilter } from "../../../ports/subscription-store.js";
import { stringify } from "../../rows/json-column.js";
import {
  SUBSCRIPTION_BYTES,
  SUBSCRIPTION_COLUMNS,
  SUBSCRIPTIONS,
  type SubscriptionRow,
  toStoredSubscription,
  toSubscribers,
} from "../../rows/recipient-row.js";
import { encodeRecord, listColumns, listTypes } from "../../rows/table.js";
import { buildRecords } from "../connection/build-records.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import type { Reader, Transaction } from "../connection/transaction.js";

type Pair = Pick<Subscription, "object" | "recipient">;

/** The class of the advisory locks on the subscriptions of objects, and their number. */
const LOCK_CLASS = 7_204;
const LOCK_COUNT = 256;

/**
 * Locks the subscriptions of objects until the transaction ends. Rows are numbered before they are committed. With the lock,
 * those of one object are committed in the order of their numbers, so that a fan-out, which reads on from the last row it has
 * seen, skips none. Objects share 256 locks, because the server has room for a few thousand.
 */
const LOCK_OBJECTS = `
  SELECT pg_advisory_xact_lock(${LOCK_CLASS}, slot) FROM (
    SELECT DISTINCT (hashtext(object) & ${LOCK_COUNT - 1}) AS slot FROM unnest($1::text[]) AS object ORDER BY slot) slots`;

async function lockObjects(tx: Transaction, objects: readonly string[]): Promise<void> {
  await tx.all(LOCK_OBJECTS, objects);
}

/** Locks the subscriptions of all objects to which a recipient is subscribed. */
export async function lockObjectsOfSubscriber(tx: Transaction, recipient: RecipientKey): Promise<void> {
  const rows = await tx.all<{ object: string }>("SELECT object FROM subscriptions WHERE recipient = $1", recipient);
  await lockObjects(
    tx,
    rows.map(({ object }) => object),
  );
}

const UPSERT = `
  INSERT INTO subscriptions (${listColumns(SUBSCRIPTIONS.fields)})
  SELECT ${listColumns(SUBSCRIPTIONS.fields, (name) => `c.${name}`)} FROM ${buildRecords(listTypes(SUBSCRIPTIONS.fields))} ORDER BY c.n
  ON CONFLICT (object, recipient) DO UPDATE SET ${listColumns(SUBSCRIPTIONS.mutableFields, (name) => `${name} = excluded.${name}`)}`;

const SELECT_PAIRS = `
  SELECT ${SUBSCRIPTION_COLUMNS} FROM ${buildRecords("object text, recipient text")}
    JOIN subscriptions s ON s.object = c.object AND s.recipient = c.recipient
  ORDER BY c.n`;

const getPairKey = ({ object, recipient }: Pair): string => `${object}\n${recipient}`;

/** Returns the subscriptions, each pair once: in the order of the first of each pair, with the properties of the last. */
function mergePairs<T extends Pair>(subscriptions: readonly T[]): T[] {
  return [...new Map(subscriptions.map((one) => [getPairKey(one), one])).values()];
}

const toPairs = (pairs: readonly Pair[]): string =>
  stringify(mergePairs(pairs).map(({ object, recipient }) => ({ object, recipient })));

/** Inserts or updates subscriptions. */
export async function applySubscriptions(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  at: number,
): Promise<void> {
  if (subscriptions.length === 0) return;
  const pairs = mergePairs(subscriptions);
  await lockObjects(
    tx,
    pairs.map(({ object }) => object),
  );
  const stored = pairs.map((subscription) => ({ ...subscription, inserted_at: at, updated_at: at }));
  await tx.run(UPSERT, stringify(stored.map((one) => encodeRecord(SUBSCRIPTIONS.fields, one))));
}

export async function upsertSubscriptions(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  at: number,
): Promise<StoredSubscription[]> {
  await applySubscriptions(tx, subscriptions, at);
  return (await tx.all<SubscriptionRow>(SELECT_PAIRS, toPairs(subscriptions))).map(toStoredSubscription);
}

export async function deleteSubscriptions(tx: Transaction, pairs: readonly Pair[]): Promise<StoredSubscription[]> {
  await lockObjects(
    tx,
    pairs.map(({ object }) => object),
  );
  const rows = await tx.all<SubscriptionRow>(SELECT_PAIRS, toPairs(pairs));
  await tx.run(
    "DELETE FROM subscriptions WHERE row = ANY($1)",
    rows.map(({ row }) => row),
  );
  return rows.map(toStoredSubscription);
}

export async function listSubscriptions(
  tx: Reader,
  filter: SubscriptionFilter,
  page: PageRequest,
): Promise<Paged<StoredSubscription>> {
  const filters = new SqlFilters()
    .add("s.object = ?", filter.object)
    .add("s.recipient = ?", filter.recipient)
    .addAny("s.object", filter.objects)
    .addAny("s.recipient", filter.recipients);
  const { rows, page_info } = await readPage<SubscriptionRow>(
    tx,
    {
      kind: "subscriptions",
      columns: SUBSCRIPTION_COLUMNS,
      from: "FROM subscriptions s",
      bytes: SUBSCRIPTION_BYTES,
      key: "s.row",
      filters,
      isSelective: filter.objects !== undefined || filter.recipients !== undefined,
    },
    page,
  );
  return { items: rows.map(toStoredSubscription), page_info };
}

export async function listSubscribers(
  tx: Reader,
  object: RecipientKey,
  after: number | null,
  limit: number,
): Promise<{ items: Subscription[]; next: number | null }> {
  const rows = await tx.all<SubscriptionRow>(
    `SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions s WHERE s.object = $1 AND s.row > $2 ORDER BY s.row LIMIT $3`,
    object,
    after ?? 0,
    limit + 1,
  );
  return toSubscribers(rows, limit);
}
