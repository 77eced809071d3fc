import type { Claim, WorkScope } from "../../../ports/due-store.js";
import { type DueTable, hasLists } from "../../rows/due-tables.js";
import { stringify } from "../../rows/json-column.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import type { Connection } from "../connection/connection.js";
import { RUN_ROW_BY_ID } from "../run/run-rows.js";

/** Returns the condition for work without a current lease. `realNow` is the placeholder of the real time. */
export const buildUnleasedCondition = (realNow: string): string =>
  `due_at IS NOT NULL AND (claim_until IS NULL OR claim_until <= ${realNow})`;
/** Returns the condition for due work that anyone can claim. Its values are the store's time and the real time. */
export const buildDueCondition = (table: DueTable): string =>
  `due_at <= ?1 AND ${buildUnleasedCondition("?2")} AND ${table}.row NOT IN (${selectSuspectedRows(table)})`;

/** The lists of a scope as JSON, as statements take them. */
interface ScopeLists {
  /** The time of the earliest of the workflow runs. None of their work is due before it. */
  since: number;
  workflowRunRows: string;
  recipientRunRows: string;
  /** The ids of the rows of a table themselves. */
  ids: Partial<Record<DueTable, string>>;
  users: string;
}

const listsByScope = new WeakMap<WorkScope, { db: Connection; lists: ScopeLists }>();

/** Looks up the rows of a scope. Returns null for a scope without lists. */
function readScopeLists(db: Connection, scope: WorkScope | undefined): ScopeLists | null {
  if (scope === undefined) return null;
  if (scope.rows !== undefined || scope.shards !== undefined)
    throw new Error("only a store for many workers has scopes of rows and shards");
  if (!hasLists(scope)) return null;
  const cached = listsByScope.get(scope);
  if (cached?.db === db) return cached.lists;
  const { workflowRunIds = [], recipientRunIds = [], messageIds = [], scheduleIds = [], users = [] } = scope;
  const workflowRuns = db.allLists<[row: number, inserted_at: number]>(
    "SELECT w.row, w.inserted_at FROM json_each(?) asked CROSS JOIN workflow_runs w ON w.id = asked.value",
    stringify(workflowRunIds),
  );
  const lists: ScopeLists = {
    since: Math.min(Number.MAX_SAFE_INTEGER, ...workflowRuns.map(([, insertedAt]) => insertedAt)),
    workflowRunRows: stringify(workflowRuns.map(([row]) => row)),
    recipientRunRows: stringify(
      recipientRunIds.map((id) => db.getList<[number | null]>(`SELECT ${RUN_ROW_BY_ID}`, id)?.[0]),
    ),
    ids: {
      workflow_runs: stringify(workflowRunIds),
      messages: stringify(messageIds),
      schedules: stringify(scheduleIds),
    },
    users: stringify(users),
  };
  listsByScope.set(scope, { db, lists });
  return lists;
}

/** Selects due rows of the scope by a list, which is read instead of the index of due times. */
const selectListed = (table: DueTable, column: string, list: string) =>
  `SELECT due_at, row FROM ${table} WHERE ${column} IN (SELECT value FROM json_each(${list})) AND +due_at <= ?1 AND (claim_until IS NULL OR claim_until <= ?2) AND row NOT IN (${selectSuspectedRows(table)})`;

const buildSinceCondition = (table: DueTable) => `due_at >= ?4 AND ${buildDueCondition(table)}`;
const IN_WORKFLOW_RUNS = "IN (SELECT value FROM json_each(?5))";

/**
 * Statements for the due rows of a scope, by table. Values: the store's time, the real time, the channels, and the scope's `since`,
 * `workflowRunRows`, `recipientRunRows` and `ids`, then the limit. The work of workflow runs is found by its due time, because
 * there may be much more of it than is claimed at once.
 */
const SELECTS_IN_SCOPE: Record<DueTable, readonly string[]> = {
  recipient_runs: [
    `SELECT due_at, row FROM recipient_runs WHERE ${buildSinceCondition("recipient_runs")} AND +workflow_run ${IN_WORKFLOW_RUNS}`,
    selectListed("recipient_runs", "row", "?6"),
  ],
  messages: [
    `SELECT due_at, row FROM messages WHERE ${buildSinceCondition("messages")} AND (SELECT r.workflow_run FROM recipient_runs r WHERE r.row = recipient_run) ${IN_WORKFLOW_RUNS}`,
    selectListed("messages", "recipient_run", "?6"),
    selectListed("messages", "id", "?7"),
  ],
  workflow_runs: [selectListed("workflow_runs", "id", "?7")],
  schedules: [selectListed("schedules", "id", "?7")],
};

const IN_CHANNELS = "IN (SELECT c.row FROM json_each(?3) asked CROSS JOIN channels c ON c.id = asked.value)";

/** Returns the condition for the channels of a scope, and their ids as a list. */
function restrictChannels({ channel, exceptChannels = [] }: WorkScope): [condition: string, ids: string | null] {
  if (channel !== undefined && exceptChannels.includes(channel)) return [" AND ?3 IS NULL", "[]"];
  if (channel !== undefined) return [` AND channel ${IN_CHANNELS}`, stringify([channel])];
  return exceptChannels.length === 0 ? ["", null] : [` AND channel NOT ${IN_CHANNELS}`, stringify(exceptChannels)];
}

const selectSuspect = (table: DueTable): string =>
  `SELECT row FROM ${table} WHERE row IN (${selectSuspectedRows(table)}) AND due_at <= ?1 AND ${buildUnleasedCondition("?2")} ORDER BY due_at, row LIMIT 1`;

/** Returns the keys of due rows without a lease, earliest first: one if they are suspected. */
export function selectDueRows(
  db: Connection,
  table: DueTable,
  { now, scope = {} }: Pick<Claim, "now" | "scope">,
  limit: number,
): number[] {
  const realNow = db.realNow();
  if (scope.suspected) return db.allLists<[row: number]>(selectSuspect(table), now, realNow).map(([row]) => row);
  const lists = readScopeLists(db, scope);
  const [condition, channels] = table === "messages" ? restrictChannels(scope) : ["", null];
  if (lists !== null) {
    const selects = SELECTS_IN_SCOPE[table].map((select) => `${select}${condition}`).join(" UNION ");
    const { since, workflowRunRows, recipientRunRows, ids } = lists;
    const values = [now, realNow, channels, since, workflowRunRows, recipientRunRows, ids[table] ?? null, limit];
    return db
      .allLists<[due_at: number, row: number]>(`${selects} ORDER BY due_at, row LIMIT ?8`, ...values)
      .map(([, row]) => row);
  }
  const values = channels === null ? [now, realNow, limit] : [now, realNow, channels, limit];
  return db
    .allLists<[row: number]>(
      `SELECT row FROM ${table} WHERE ${buildDueCondition(table)}${condition} ORDER BY due_at, row LIMIT ?${values.length}`,
      ...values,
    )
    .map(([row]) => row);
}

/** Returns whether a table has due work. Reads without the write lock, which a poll that finds nothing must not take. */
export function hasDueWork(db: Connection, table: DueTable, claim: Pick<Claim, "now" | "scope">): boolean {
  return db.runSingle(() => selectDueRows(db, table, claim, 1).length > 0);
}

/** Condition for changes of users of whom no change is claimed. `realNow` is the placeholder of the real time. */
export const buildClaimableCondition = (realNow: string): string =>
  `NOT EXISTS (SELECT 1 FROM user_changes other WHERE other.user = user_changes.user AND other.claim_until > ${realNow})`;

/** Returns the keys of user changes that can be claimed, in order. */
export function selectClaimableChanges(db: Connection, scope: WorkScope | undefined, limit: number): number[] {
  if (scope?.suspected) return [];
  const lists = readScopeLists(db, scope);
  const inScope = lists === null ? "" : " AND user IN (SELECT value FROM json_each(?3))";
  const values = lists === null ? [] : [lists.users];
  const sql = `SELECT row FROM user_changes WHERE ${buildClaimableCondition("?1")}${inScope} ORDER BY row LIMIT ?2`;
  return db.allLists<[row: number]>(sql, db.realNow(), limit, ...values).map(([row]) => row);
}
