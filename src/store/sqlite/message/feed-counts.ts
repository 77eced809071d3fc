import { hasTrait } from "../../../domain/message/channel-types.js";
import type { FeedCounts } from "../../../domain/message/feed-filter.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { Connection } from "../connection/connection.js";
import type { SqlValue } from "../connection/driver.js";
import type { SharedRows } from "../run/shared-rows.js";
import { FROM_MESSAGES_AND_RUNS } from "./message-joins.js";

// Counting a feed of 100,000 messages takes 140 ms, during which a process does nothing else. The counts of large feeds are
// therefore kept in `feed_counts`, by channel, tenant and whether the messages are archived. Keeping those of all feeds would
// cost a twelfth of an insert. Each feed with kept counts has a row of zeros for the channel 0, also without messages.

/** The number of messages from which on the counts of a feed are kept. Counting fewer takes 2 ms. */
const MIN_KEPT_MESSAGES = 1_000;
/** The rows between two tests. A prime number, so that the messages of a repeated trigger are not always of one recipient. */
const TEST_INTERVAL = 997;

/** The values that decide whether and where a message of a feed is counted. */
type CountedState = Pick<Message, "status" | "read_at" | "seen_at" | "archived_at">;

/** Conditions for the messages of feeds. */
export const IS_IN_FEED = [
  "m.channel IN (SELECT row FROM channels WHERE type = 'in_app_feed')",
  "m.status = 'delivered'",
];

const KEEP =
  "INSERT INTO feed_counts (recipient, channel, tenant, archived, total, unread, unseen) " +
  "SELECT m.recipient, m.channel, COALESCE(w.tenant, ''), m.archived_at IS NOT NULL, COUNT(*), COUNT(*) - COUNT(m.read_at), COUNT(*) - COUNT(m.seen_at) " +
  `${FROM_MESSAGES_AND_RUNS} WHERE m.recipient = ? AND ${IS_IN_FEED.join(" AND ")} GROUP BY 2, 3, 4`;

const ADD =
  "INSERT INTO feed_counts (recipient, channel, tenant, archived, total, unread, unseen) VALUES (?, ?, ?, ?, ?, ?, ?) " +
  "ON CONFLICT DO UPDATE SET total = total + excluded.total, unread = unread + excluded.unread, unseen = unseen + excluded.unseen";

/** Returns whether the counts of any feed are kept. Most stores have none, and then no change is counted. */
export function hasKeptCounts(db: Connection): boolean {
  return db.get("SELECT 1 FROM feed_counts LIMIT 1") !== undefined;
}

function isKept(db: Connection, recipient: RecipientKey): boolean {
  return db.get("SELECT 1 FROM feed_counts WHERE recipient = ? LIMIT 1", recipient) !== undefined;
}

/** Counts a feed and keeps its counts from now on. Must run inside a write. */
function keepCounts(db: Connection, recipient: RecipientKey): void {
  db.run("DELETE FROM feed_counts WHERE recipient = ?", recipient);
  db.run(ADD, recipient, 0, "", 0, 0, 0, 0);
  db.run(KEEP, recipient);
}

function addState(db: Connection, shared: SharedRows, message: Message, state: CountedState, sign: 1 | -1): void {
  if (state.status !== "delivered") return;
  const { recipient, channel, tenant } = message;
  db.run(
    ADD,
    recipient,
    shared.upsertChannel(channel),
    tenant ?? "",
    state.archived_at === null ? 0 : 1,
    sign,
    state.read_at === null ? sign : 0,
    state.seen_at === null ? sign : 0,
  );
}

/**
 * Counts the change of a message's state; null is a message that does not exist. Must run inside the write that changes it,
 * if `hasKeptCounts`.
 */
export function countChange(
  db: Connection,
  shared: SharedRows,
  message: Message,
  before: CountedState | null,
  after: CountedState | null,
): void {
  if (!hasTrait(message.channel.type, "isFeed") || !isKept(db, message.recipient)) return;
  if (before !== null) addState(db, shared, message, before, -1);
  if (after !== null) addState(db, shared, message, after, 1);
}

const SUBTRACT_RUNS =
  "INSERT INTO feed_counts (recipient, channel, tenant, archived, total, unread, unseen) " +
  "SELECT m.recipient, m.channel, COALESCE(w.tenant, ''), m.archived_at IS NOT NULL, -COUNT(*), COUNT(m.read_at) - COUNT(*), COUNT(m.seen_at) - COUNT(*) " +
  `${FROM_MESSAGES_AND_RUNS} WHERE m.recipient_run IN (SELECT value FROM json_each(?1)) AND ${IS_IN_FEED.join(" AND ")} ` +
  "AND EXISTS (SELECT 1 FROM feed_counts c WHERE c.recipient = m.recipient) GROUP BY 1, 2, 3, 4 " +
  "ON CONFLICT DO UPDATE SET total = total + excluded.total, unread = unread + excluded.unread, unseen = unseen + excluded.unseen";

/** Subtracts the messages of recipient runs, a JSON list of rows, which are deleted next. Must run inside a write. */
export function subtractCountsOfRuns(db: Connection, list: string): void {
  db.run(SUBTRACT_RUNS, list);
}

function isLarge(db: Connection, recipient: RecipientKey): boolean {
  const last = "SELECT 1 FROM messages WHERE recipient = ? LIMIT 1 OFFSET ?";
  return db.get(last, recipient, MIN_KEPT_MESSAGES - 1) !== undefined;
}

/**
 * Returns a function that counts new messages, for one write. Now and then it tests whether the feed of a message has become
 * large, so that a large feed is rarely counted only when it is read.
 */
export function createInsertCounter(db: Connection, shared: SharedRows): (message: Message, row: number) => void {
  let hasKept: boolean | null = null;
  return (message, row) => {
    const { recipient, channel } = message;
    if (!hasTrait(channel.type, "isFeed")) return;
    hasKept ??= hasKeptCounts(db);
    if (hasKept && isKept(db, recipient)) addState(db, shared, message, message, 1);
    else if (row % TEST_INTERVAL === 0 && isLarge(db, recipient)) {
      keepCounts(db, recipient);
      hasKept = true;
    }
  };
}

/** Keeps the counts of a feed if it is large. Must run outside of other reads and writes. */
export function keepCountsOfLargeFeed(db: Connection, recipient: RecipientKey): void {
  if (db.isReadOnly || isKept(db, recipient) || !isLarge(db, recipient)) return;
  db.write(() => keepCounts(db, recipient));
}

/** Returns the sums of kept counts, or null if those of the feed are not kept. */
export function readKeptCounts(
  db: Connection,
  recipient: RecipientKey,
  conditions: readonly string[],
  values: readonly SqlValue[],
): FeedCounts | null {
  if (!isKept(db, recipient)) return null;
  const where = ["c.recipient = ?", ...conditions].join(" AND ");
  const sums = db.get<FeedCounts>(
    `SELECT TOTAL(c.total) AS total_count, TOTAL(c.unread) AS unread_count, TOTAL(c.unseen) AS unseen_count FROM feed_counts c WHERE ${where}`,
    recipient,
    ...values,
  );
  return { ...(sums as FeedCounts) };
}
