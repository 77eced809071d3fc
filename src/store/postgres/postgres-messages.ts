import type { Guide } from "../../domain/guide/guide.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { FeedFilter } from "../../domain/message/feed-filter.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Claim } from "../../ports/due-store.js";
import type { FeedStore, NewMessages } from "../../ports/feed-store.js";
import type { IdKind, MessageQuery, RunQuery } from "../../ports/filters.js";
import type { GuideEngagement, GuideStore } from "../../ports/guide-store.js";
import type { ChangedMessages, MessageStore, SavedMessages } from "../../ports/message-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { OutcomeRuns, RunCounts, StoredRun, StoredTrigger } from "../../ports/run-store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import type { JsonObject } from "../../util/json.js";
import {
  ENDED_STATUSES,
  hasMessages,
  OUTCOME_MESSAGE_COLUMNS,
  OUTCOME_RUN_COLUMNS,
  type OutcomeMessageRow,
  type OutcomeRunRow,
  toOutcomeMessage,
  toOutcomeRun,
} from "../rows/outcome-row.js";
import { BLOCK_ROWS } from "./connection/allocate-rows.js";
import type { Connection } from "./connection/connection.js";
import { readTransactionBounds } from "./connection/read-transaction-bounds.js";
import type { Reader } from "./connection/transaction.js";
import { PostgresBroadcastLog } from "./log/postgres-broadcast-log.js";
import { PostgresOutboundLog } from "./log/postgres-outbound-log.js";
import { PostgresSourceLog } from "./log/postgres-source-log.js";
import { PostgresTrackedLinks } from "./log/postgres-tracked-links.js";
import { readDeliveryLogs } from "./message/delivery-logs.js";
import { keepCountsOfLargeFeed } from "./message/feed-counts.js";
import { listSharedRows, readGuideMessages, recordGuideEngagement, resetGuide } from "./message/guide-messages.js";
import { listFeed } from "./message/list-feed.js";
import { listMessageIds, listMessages } from "./message/list-messages.js";
import { deleteMessages, markMessages, retryMessages } from "./message/mark-messages.js";
import { selectMessageRows, toMessages } from "./message/message-rows.js";
import { saveMessages } from "./message/save-messages.js";
import { PostgresRecipients } from "./postgres-recipients.js";
import { listRecipientRuns, readRecipientRun } from "./run/list-runs.js";
import { findWorkflowRun } from "./run/run-rows.js";
import type { SharedRows } from "./run/shared-rows.js";
import { claimDueMessages } from "./work/claim-messages.js";

const WORKFLOW_RUN = "(SELECT row FROM workflow_runs WHERE id = $1 AND guide = 0)";

const SELECT_RUNS = `SELECT ${OUTCOME_RUN_COLUMNS} FROM recipient_runs r WHERE r.workflow_run = ${WORKFLOW_RUN} AND r.row > $2 ORDER BY r.row LIMIT $3`;

const SELECT_MESSAGES = `SELECT ${OUTCOME_MESSAGE_COLUMNS} FROM messages m WHERE m.recipient_run = ANY($1::bigint[]) ORDER BY m.row`;

const COUNT_RUNS = `SELECT count(*) AS runs, count(*) FILTER (WHERE status IN (${ENDED_STATUSES})) AS ended FROM recipient_runs WHERE workflow_run = ${WORKFLOW_RUN}`;

const HAS_QUEUED_MESSAGES = `SELECT 1 FROM recipient_runs r JOIN messages m ON m.recipient_run = r.row
  WHERE r.workflow_run = ${WORKFLOW_RUN} AND m.status = 'queued' AND m.due_at > m.inserted_at LIMIT 1`;

/** Returns a trigger without its runs, or null. */
async function readWorkflowRun(tx: Reader, shared: SharedRows, id: string): Promise<StoredTrigger | null> {
  const found = await findWorkflowRun(tx, shared, id);
  return found && { run: found.run, unidentified: found.unidentified };
}

/** Returns the next runs of a trigger, with what an outcome shows of them and of their messages. */
async function readOutcomeRuns(tx: Reader, id: string, after: number | null, limit: number): Promise<OutcomeRuns> {
  const rows = await tx.all<OutcomeRunRow>(SELECT_RUNS, id, after ?? 0, limit);
  const runs = rows.map(toOutcomeRun);
  const withMessages = rows.flatMap(({ row }, index) =>
    hasMessages(runs[index] as (typeof runs)[number]) ? [row] : [],
  );
  const messages = withMessages.length === 0 ? [] : await tx.all<OutcomeMessageRow>(SELECT_MESSAGES, withMessages);
  return {
    runs,
    messages: messages.map(toOutcomeMessage),
    next: rows.length < limit ? null : (rows.at(-1)?.row ?? null),
  };
}

/** Counts the runs of a trigger. Queued messages are searched only after all runs have ended. */
async function countRuns(tx: Reader, id: string): Promise<RunCounts> {
  const { runs, ended } = (await tx.get<{ runs: number; ended: number }>(COUNT_RUNS, id)) ?? { runs: 0, ended: 0 };
  const isQueued = runs === ended && (await tx.get(HAS_QUEUED_MESSAGES, id)) !== undefined;
  return { runs, ended, hasEnded: runs === ended && !isQueued };
}

/** Condition for a range of the index of ids: every character that can follow a prefix is less than a tilde. */
const PREFIX_RANGE = "q.id >= $1 AND q.id < $1 || '~'";

const SELECT_BY_KIND: Record<IdKind, string> = {
  workflow_run: `SELECT q.id FROM workflow_runs q WHERE ${PREFIX_RANGE} AND q.guide = 0`,
  message: `SELECT q.id FROM messages q WHERE ${PREFIX_RANGE}`,
  schedule: `SELECT q.id FROM schedules q WHERE ${PREFIX_RANGE}`,
  recipient_run: `SELECT q.id FROM recipient_runs q JOIN workflow_runs w ON w.row = q.workflow_run WHERE ${PREFIX_RANGE} AND w.guide = 0`,
};

/** Returns up to `limit` ids that start with a prefix, in order. */
async function listIdsByPrefix(tx: Reader, kind: IdKind, prefix: string, limit: number): Promise<string[]> {
  const rows = await tx.all<{ id: string }>(`${SELECT_BY_KIND[kind]} ORDER BY q.id LIMIT $2`, prefix, limit);
  return rows.map(({ id }) => id);
}

/** Maximum number of new rows that are searched for recipients. With more, `recipients` is null. */
const MAX_NEW_ROWS = 5_000;

/**
 * The position of a reader. It has read all messages of transactions below `xid`. Transactions from `xid` on write only rows
 * from `row` on, and those from `nextXid` on only rows from `nextRow` on, because a transaction numbers its rows after it has
 * got its id. So no index of the ids is needed.
 */
interface Position {
  /** How often the store was cleared. */
  clears: number;
  xid: number;
  row: number;
  nextXid: number;
  nextRow: number;
}

const CURSOR = /^(\d{1,16})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/;

function parsePosition(cursor: string | null): Position | null {
  const match = cursor === null ? null : CURSOR.exec(cursor);
  if (match === null) return null;
  const [clears = 0, xid = 0, row = 0, nextXid = 0, nextRow = 0] = match.slice(1).map(Number);
  return { clears, xid, row, nextXid, nextRow };
}

const formatPosition = ({ clears, xid, row, nextXid, nextRow }: Position): string =>
  [clears, xid, row, nextXid, nextRow].join(".");

const SELECT_NEXT_ROW = `
  SELECT (b.last_value + b.is_called::integer) * ${BLOCK_ROWS} AS next_row, c.last_value + c.is_called::integer AS clears FROM row_blocks b, store_clears c`;

/**
 * Returns the recipients of the messages that were committed after a cursor, and the new cursor. Messages are numbered before
 * they are committed, so reading on from the newest number would skip those that are committed late.
 */
async function readNewMessages(db: Connection, cursor: string | null): Promise<NewMessages> {
  const before = parsePosition(cursor);
  // In this order: transactions that start after the second statement number their rows after the first one.
  const { next_row: nextRow, clears } = (await db.get(SELECT_NEXT_ROW)) as { next_row: number; clears: number };
  const { oldest: xid, newest: nextXid } = await readTransactionBounds(db);
  const row = before === null ? 0 : xid >= before.nextXid ? before.nextRow : before.row;
  const position = formatPosition({ clears, xid, row, nextXid, nextRow });
  if (before === null || before.clears !== clears) return { cursor: position, recipients: null };
  const rows = await db.all<{ recipient: RecipientKey; xid: number }>(
    `SELECT recipient, xid::text::bigint AS xid FROM messages WHERE row >= $1 ORDER BY row LIMIT ${MAX_NEW_ROWS + 1}`,
    before.row,
  );
  if (rows.length > MAX_NEW_ROWS) return { cursor: position, recipients: null };
  const found = rows.filter((one) => one.xid >= before.xid && one.xid < xid).map(({ recipient }) => recipient);
  return found.length === 0
    ? { cursor: formatPosition(before), recipients: [] }
    : { cursor: position, recipients: [...new Set(found)] };
}

/** Returns the logs in a PostgreSQL store. */
function createPostgresLogs(db: Connection, shared: SharedRows): StoreLogs {
  return {
    broadcasts: new PostgresBroadcastLog(db, shared),
    sources: new PostgresSourceLog(db),
    outbound: new PostgresOutboundLog(db),
    links: new PostgresTrackedLinks(db),
  };
}

/** Messages, feeds, guides and lists of runs in a PostgreSQL store. */
export class PostgresMessages extends PostgresRecipients implements MessageStore, FeedStore, GuideStore {
  async claimDueMessages(claim: Claim, limit: number): Promise<Message[]> {
    return claimDueMessages(this.db, this.shared, claim, limit);
  }

  async saveMessages(
    messages: readonly Message[],
    token: string,
    logs: readonly DeliveryLog[] = [],
  ): Promise<SavedMessages> {
    return this.db.write(async (tx) => {
      const saved = await saveMessages(tx, this.shared, messages, token, logs);
      return { saved, caused: tx.getCausedWork() };
    });
  }

  async readDeliveryLogs(messageId: string): Promise<DeliveryLog[]> {
    return readDeliveryLogs(this.db, messageId);
  }

  async readMessages(ids: readonly string[]): Promise<Message[]> {
    return this.db.read(async (tx) => toMessages(tx, this.shared, await selectMessageRows(tx, ids)));
  }

  async listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<Message>> {
    return this.db.readList((tx) => listMessages(tx, this.shared, filter, page));
  }

  async listMessageIds(after: string | null): Promise<string[]> {
    return listMessageIds(this.db, after);
  }

  async markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata: JsonObject | null = null,
  ): Promise<ChangedMessages> {
    return this.db.write(async (tx) => {
      const messages = await markMessages(tx, this.shared, ids, action, at, metadata);
      return { messages, caused: tx.getCausedWork() };
    });
  }

  async retryMessages(ids: readonly string[], at: number): Promise<ChangedMessages> {
    return this.db.write(async (tx) => {
      const messages = await retryMessages(tx, this.shared, ids, at);
      return { messages, caused: tx.getCausedWork() };
    });
  }

  async deleteMessages(ids: readonly string[]): Promise<void> {
    await this.db.write((tx) => deleteMessages(tx, this.shared, ids));
  }

  async listFeed(filter: FeedFilter, page: PageRequest) {
    await keepCountsOfLargeFeed(this.db, filter.recipient);
    return this.db.readList((tx) => listFeed(tx, this.shared, filter, page));
  }

  async readNewMessages(cursor: string | null): Promise<NewMessages> {
    return readNewMessages(this.db, cursor);
  }

  async readGuideMessages(user: RecipientKey): Promise<Message[]> {
    return this.db.read((tx) => readGuideMessages(tx, this.shared, user));
  }

  async recordGuideEngagement(engagement: GuideEngagement, at: number) {
    await this.shared.insert(this.db, listSharedRows(engagement));
    return this.db.write(async (tx) => {
      const message = await recordGuideEngagement(tx, this.shared, engagement, at);
      return { message, caused: tx.getCausedWork() };
    });
  }

  async resetGuide(user: RecipientKey, guide: Pick<Guide, "key" | "scope">, tenant: string | null): Promise<number> {
    return this.db.write((tx) => resetGuide(tx, user, guide, tenant));
  }

  async readWorkflowRun(id: string) {
    return this.db.read((tx) => readWorkflowRun(tx, this.shared, id));
  }

  async readOutcomeRuns(id: string, after: number | null, limit: number): Promise<OutcomeRuns> {
    return this.db.readList((tx) => readOutcomeRuns(tx, id, after, limit));
  }

  async countRuns(id: string): Promise<RunCounts> {
    return this.db.read((tx) => countRuns(tx, id));
  }

  async readRecipientRun(id: string): Promise<StoredRun | null> {
    return this.db.read((tx) => readRecipientRun(tx, this.shared, id));
  }

  async listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]> {
    return listIdsByPrefix(this.db, kind, prefix, limit);
  }

  async listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<StoredRun>> {
    return this.db.readList((tx) => listRecipientRuns(tx, this.shared, filter, page));
  }

  async openLogs(): Promise<StoreLogs> {
    return createPostgresLogs(this.db, this.shared);
  }
}
