import { hasTrait } from "../../../domain/message/channel-types.js";
import type { FeedCounts } from "../../../domain/message/feed-filter.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";
import type { SqlFilters } from "../connection/sql-filters.js";
import { type Reader, readTransactionBounds, type Transaction } from "../connection/transaction.js";
import type { SharedRows } from "../run/shared-rows.js";

// Counting a feed of 100,000 messages takes more than 100 ms. The counts of large feeds are therefore kept in `feed_counts`, by
// channel, tenant and whether the messages are archived. A row is a difference, and the counts are the sums of a feed's rows:
// transactions that change messages of one feed only insert rows, and so never wait for each other.
//
// A feed is kept in two steps. First it gets a row in `kept_feeds`, from which on each transaction inserts the differences that it
// makes. Once all transactions that began before have ended, one statement counts the feed and deletes the differences that the
// count includes.

/** The number of messages from which on the counts of a feed are kept. Counting fewer takes 2 ms. */
const MIN_KEPT_MESSAGES = 1_000;
/** The number of rows of a feed from which on they are replaced by their sums. */
const MAX_ROWS = 200;

/** The values that decide whether and where a message of a feed is counted. */
export type CountedState = Pick<Message, "status" | "read_at" | "seen_at" | "archived_at">;

/** A change of a message in a feed; null is a message that does not exist. */
interface CountedChange {
  message: Message;
  before: CountedState | null;
  after: CountedState | null;
}

/** Conditions for the messages of feeds. */
export const IS_IN_FEED = [
  "m.channel IN (SELECT row FROM channels WHERE type = 'in_app_feed')",
  "m.status = 'delivered'",
];

const COLUMNS = "(recipient, channel, tenant, archived, total, unread, unseen)";

/** Returns the query that counts messages `m` by what is kept, with `sign` before the numbers. */
const buildCount = (from: string, recipient: string, sign: "" | "-"): string => `
  SELECT ${recipient}, m.channel, COALESCE(w.tenant, ''), (m.archived_at IS NOT NULL)::integer,
    ${sign}count(*), ${sign}(count(*) - count(m.read_at)), ${sign}(count(*) - count(m.seen_at))
  FROM ${from} JOIN recipient_runs r ON r.row = m.recipient_run JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE ${IS_IN_FEED.join(" AND ")} AND EXISTS (SELECT 1 FROM kept_feeds k WHERE k.recipient = ${recipient}) GROUP BY 1, 2, 3, 4`;

const INSERT_CHANGES = `
  INSERT INTO feed_counts ${COLUMNS}
  SELECT c.recipient, c.channel, c.tenant, c.archived, c.total, c.unread, c.unseen
  FROM json_to_recordset($1::json) AS c (recipient text, channel bigint, tenant text, archived smallint, total integer, unread integer, unseen integer)`;

/** Returns those of the recipients whose counts are kept. */
async function selectKept(tx: Reader, recipients: readonly RecipientKey[]): Promise<Set<RecipientKey>> {
  const rows = await tx.all<{ recipient: RecipientKey }>(
    "SELECT recipient FROM kept_feeds WHERE recipient = ANY($1::text[])",
    recipients,
  );
  return new Set(rows.map(({ recipient }) => recipient));
}

/** A change of the counts of a feed. */
interface FeedCountChange {
  recipient: RecipientKey;
  channel: ReturnType<SharedRows["getChannelRow"]>;
  tenant: string;
  archived: number;
  total: number;
  unread: number;
  unseen: number;
}

/** Adds the changes of messages to the counts of those feeds that are kept. */
export async function countChanges(
  tx: Transaction,
  shared: SharedRows,
  changes: readonly CountedChange[],
): Promise<void> {
  const inFeeds = changes.filter(({ message }) => hasTrait(message.channel.type, "isFeed"));
  if (inFeeds.length === 0 || !tx.hasKeptFeeds) return;
  const kept = await selectKept(tx, [...new Set(inFeeds.map(({ message }) => message.recipient))]);
  const sums = new Map<string, FeedCountChange>();
  const add = ({ recipient, channel, tenant }: Message, state: CountedState | null, sign: 1 | -1): void => {
    if (state === null || state.status !== "delivered") return;
    const archived = state.archived_at === null ? 0 : 1;
    const key = `${recipient} ${archived} ${channel.id} ${tenant}`;
    const known = sums.get(key) ?? { total: 0, unread: 0, unseen: 0 };
    sums.set(key, {
      recipient,
      channel: shared.getChannelRow(channel),
      tenant: tenant ?? "",
      archived,
      total: known.total + sign,
      unread: known.unread + (state.read_at === null ? sign : 0),
      unseen: known.unseen + (state.seen_at === null ? sign : 0),
    });
  };
  for (const { message, before, after } of inFeeds) {
    if (!kept.has(message.recipient)) continue;
    add(message, before, -1);
    add(message, after, 1);
  }
  if (sums.size > 0) await tx.run(INSERT_CHANGES, stringify([...sums.values()]));
}

/** Deletes the messages of recipients and subtracts them from the counts, in one statement, so that both see the same messages. */
const DELETE_MESSAGES = `
  WITH gone AS (DELETE FROM messages WHERE recipient = ANY($1::text[]) RETURNING *)
  INSERT INTO feed_counts ${COLUMNS} ${buildCount("gone m", "m.recipient", "-")}`;

/** Deletes the messages of recipient runs and subtracts them from the counts, as {@link DELETE_MESSAGES} does. */
const DELETE_MESSAGES_OF_RUNS = `
  WITH gone AS (DELETE FROM messages WHERE recipient_run = ANY($1::bigint[]) RETURNING *),
    subtracted AS (INSERT INTO feed_counts ${COLUMNS} ${buildCount("gone m", "m.recipient", "-")})
  SELECT count(*) AS count FROM gone`;

/** Deletes the messages of recipient runs. Returns how many. */
export async function deleteMessagesOfRuns(tx: Transaction, rows: readonly number[]): Promise<number> {
  return (await tx.getOne<{ count: number }>(DELETE_MESSAGES_OF_RUNS, rows)).count;
}

/** Moves the messages of recipient $2 to recipient $1, whose shard is $3, with their counts. */
const MOVE_MESSAGES = `
  WITH moved AS (UPDATE messages SET recipient = $1, shard = $3 WHERE recipient = $2 RETURNING *)
  INSERT INTO feed_counts ${COLUMNS}
  (${buildCount("moved m", "m.recipient", "")}) UNION ALL (${buildCount("moved m", "$2::text", "-")})`;

export async function deleteMessagesOfRecipients(tx: Transaction, recipients: readonly RecipientKey[]): Promise<void> {
  await tx.run(DELETE_MESSAGES, recipients);
}

export async function moveMessages(
  tx: Transaction,
  { from, into, shard }: { from: RecipientKey; into: RecipientKey; shard: number },
): Promise<void> {
  await tx.run(MOVE_MESSAGES, into, from, shard);
}

interface KeptFeed {
  /** The transaction before which all must have ended before the feed is counted; null once it was counted. */
  counted_after: number | null;
  rows: number;
}

const SELECT_KEPT_FEED =
  "SELECT k.counted_after, (SELECT count(*) FROM (SELECT 1 FROM feed_counts c WHERE c.recipient = k.recipient LIMIT $2) few) AS rows FROM kept_feeds k WHERE k.recipient = $1";

/** Returns the sums of kept counts, or null if those of the feed are not kept. */
export async function readKeptCounts(
  tx: Reader,
  recipient: RecipientKey,
  { conditions, values }: SqlFilters,
): Promise<FeedCounts | null> {
  const kept = await tx.get<KeptFeed>(SELECT_KEPT_FEED, recipient, 1);
  if (kept === undefined || kept.counted_after !== null) return null;
  return tx.getOne<FeedCounts>(
    `SELECT COALESCE(sum(total), 0) AS total_count, COALESCE(sum(unread), 0) AS unread_count, COALESCE(sum(unseen), 0) AS unseen_count FROM feed_counts c WHERE ${conditions.join(" AND ")}`,
    ...values,
  );
}

const SELECT_LARGE = "SELECT 1 FROM messages WHERE recipient = $1 OFFSET $2 LIMIT 1";

const REPLACE_BY_SUMS = `
  WITH counted AS (DELETE FROM feed_counts WHERE recipient = $1 RETURNING *)
  INSERT INTO feed_counts ${COLUMNS}
  SELECT recipient, channel, tenant, archived, sum(total), sum(unread), sum(unseen) FROM counted GROUP BY 1, 2, 3, 4`;

/** The value of `counted_after` until the last transaction to wait for is known. */
const UNKNOWN = Number.MAX_SAFE_INTEGER;

const INSERT_KEPT = "INSERT INTO kept_feeds (recipient, counted_after) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const SET_COUNTED_AFTER = "UPDATE kept_feeds SET counted_after = $2 WHERE recipient = $1 AND counted_after = $3";

/** Keeps the counts of a feed if it is large, and replaces many rows by their sums. Must run outside of a transaction. */
export async function keepCountsOfLargeFeed(db: Connection, recipient: RecipientKey): Promise<void> {
  if (db.isReadOnly) return;
  const kept = await db.get<KeptFeed>(SELECT_KEPT_FEED, recipient, MAX_ROWS);
  if (kept === undefined) {
    if ((await db.get(SELECT_LARGE, recipient, MIN_KEPT_MESSAGES - 1)) === undefined) return;
    await db.write((tx) => tx.run(INSERT_KEPT, recipient, UNKNOWN));
  }
  if (kept?.counted_after === null) {
    if (kept.rows >= MAX_ROWS) await db.write((tx) => tx.run(REPLACE_BY_SUMS, recipient));
    return;
  }
  const { oldest, newest } = await readTransactionBounds(db);
  // Transactions from `newest` on find the row in `kept_feeds`, which is committed.
  if (kept === undefined || kept.counted_after === UNKNOWN)
    await db.write((tx) => tx.run(SET_COUNTED_AFTER, recipient, newest, UNKNOWN));
  else if (oldest >= kept.counted_after) await db.write((tx) => countFeed(tx, recipient));
}

const DELETE_COUNTED = `
  WITH counted AS (DELETE FROM feed_counts WHERE recipient = ANY($1::text[]))
  INSERT INTO feed_counts ${COLUMNS} ${buildCount("(SELECT * FROM messages WHERE recipient = ANY($1::text[])) m", "m.recipient", "")}`;

/**
 * Counts the feeds again that contain messages of a query for their IDs, as if they had just become large. Their messages are
 * dropped with a partition, so nothing can be subtracted.
 */
export async function forgetCounts(tx: Transaction, messages: string, runs: readonly number[]): Promise<void> {
  await tx.run(
    `UPDATE kept_feeds k SET counted_after = ${UNKNOWN} WHERE EXISTS (${messages} AND m.recipient = k.recipient)`,
    runs,
  );
}

async function countFeed(tx: Transaction, recipient: RecipientKey): Promise<void> {
  const isFirst = "UPDATE kept_feeds SET counted_after = NULL WHERE recipient = $1 AND counted_after IS NOT NULL";
  if ((await tx.run(isFirst, recipient)) > 0) await tx.run(DELETE_COUNTED, [recipient]);
}
