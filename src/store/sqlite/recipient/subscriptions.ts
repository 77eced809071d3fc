import type { StoredSubscription, Subscription } from "../../../domain/recipient/subscription.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { SubscriptionFilter } from "../../../ports/subscription-store.js";
import {
  SUBSCRIPTION_BYTES,
  SUBSCRIPTION_COLUMNS,
  SUBSCRIPTIONS,
  type SubscriptionRow,
  toStoredSubscription,
} from "../../rows/recipient-row.js";
import { encodeFields, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";

const FROM = "FROM subscriptions s";
const SELECT_PAIR = `SELECT ${SUBSCRIPTION_COLUMNS} ${FROM} WHERE s.object = ? AND s.recipient = ?`;

const UPSERT =
  `INSERT INTO subscriptions (${listColumns(SUBSCRIPTIONS.fields)}) VALUES (${listColumns(SUBSCRIPTIONS.fields, () => "?")}) ` +
  `ON CONFLICT (object, recipient) DO UPDATE SET ${listColumns(SUBSCRIPTIONS.mutableFields, (name) => `${name} = excluded.${name}`)}`;

/** Inserts or updates subscriptions. Must run inside a write. */
export function applySubscriptions(db: Connection, subscriptions: readonly Subscription[], at: number): void {
  for (const subscription of subscriptions)
    db.run(UPSERT, ...encodeFields(SUBSCRIPTIONS.fields, { ...subscription, inserted_at: at, updated_at: at }));
}

/** Returns the stored subscriptions of the pairs, each once, in the order of the pairs. */
function selectPairs(db: Connection, pairs: readonly Pick<Subscription, "object" | "recipient">[]): SubscriptionRow[] {
  const rows = new Map<number, SubscriptionRow>();
  for (const { object, recipient } of pairs) {
    const row = db.get<SubscriptionRow>(SELECT_PAIR, object, recipient);
    if (row && !rows.has(row.row)) rows.set(row.row, row);
  }
  return [...rows.values()];
}

export function upsertSubscriptions(
  db: Connection,
  subscriptions: readonly Subscription[],
  at: number,
): StoredSubscription[] {
  return db.write(() => {
    applySubscriptions(db, subscriptions, at);
    return selectPairs(db, subscriptions).map(toStoredSubscription);
  });
}

export function deleteSubscriptions(
  db: Connection,
  pairs: readonly Pick<Subscription, "object" | "recipient">[],
): StoredSubscription[] {
  return db.write(() => {
    const rows = selectPairs(db, pairs);
    for (const { row } of rows) db.run("DELETE FROM subscriptions WHERE row = ?", row);
    return rows.map(toStoredSubscription);
  });
}

export function listSubscriptions(
  db: Connection,
  filter: SubscriptionFilter,
  page: PageRequest,
): Paged<StoredSubscription> {
  const filters = new SqlFilters()
    .add("s.object = ?", filter.object)
    .add("s.recipient = ?", filter.recipient)
    .addAny("s.object", filter.objects)
    .addAny("s.recipient", filter.recipients);
  // Subscriptions between two recipients are looked up and then sorted: all of one of them, in order, may be many.
  const key = filter.objects === undefined && filter.recipients === undefined ? "s.row" : "+s.row";
  return db.read(() => {
    const { rows, page_info } = readPage<SubscriptionRow>(
      db,
      { kind: "subscriptions", columns: SUBSCRIPTION_COLUMNS, from: FROM, bytes: SUBSCRIPTION_BYTES, key, filters },
      page,
    );
    return { items: rows.map(toStoredSubscription), page_info };
  });
}
