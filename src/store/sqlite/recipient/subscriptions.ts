import type { StoredSubscription, Subscription } from "../../../domain/recipient/subscription.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { SubscriptionFilter } from "../../../ports/subscription-store.js";
import { stringify } from "../../rows/json-column.js";
import { SUBSCRIPTION_BYTES } from "../../rows/row-bytes.js";
import { type SubscriptionRow, toStoredSubscription } from "../../rows/subscription-row.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";

const COLUMNS = "s.row, s.object, s.recipient, s.properties, s.inserted_at, s.updated_at";
const FROM = "FROM subscriptions s";
const SELECT_PAIR = `SELECT ${COLUMNS} ${FROM} WHERE s.object = ? AND s.recipient = ?`;

const UPSERT =
  "INSERT INTO subscriptions (object, recipient, properties, inserted_at, updated_at) VALUES (?, ?, ?, ?, ?) " +
  "ON CONFLICT (object, recipient) DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at";

/** Inserts or updates subscriptions. Must run inside a write. */
export function applySubscriptions(db: Connection, subscriptions: readonly Subscription[], at: number): void {
  for (const { object, recipient, properties } of subscriptions)
    db.run(UPSERT, object, recipient, stringify(properties), at, at);
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
      { kind: "subscriptions", columns: COLUMNS, from: FROM, bytes: SUBSCRIPTION_BYTES, key, filters },
      page,
    );
    return { items: rows.map(toStoredSubscription), page_info };
  });
}
