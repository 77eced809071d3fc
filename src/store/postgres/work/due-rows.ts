import type { Claim, WorkScope } from "../../../ports/due-store.js";
import { type DueTable, hasLists } from "../../rows/due-tables.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import { writeClockRow } from "../connection/clock-setting.js";
import type { SqlValue, Statements, Transaction } from "../connection/transaction.js";

const buildFreeCondition = (time: string): string => `(t.claim_until IS NULL OR t.claim_until <= ${time})`;

/** Returns the condition for work without a current lease. `time` is the store's real time as SQL. */
export const buildUnleasedCondition = (time: string): string => `t.due_at IS NOT NULL AND ${buildFreeCondition(time)}`;

/**
 * The longest range of rows that is read by the primary key. A chunk of a trigger is shorter; the runs of a chunk whose waits
 * ended at the same time can be spread over all rows of a large trigger.
 */
const MAX_ROWS_BY_KEY = 5_000;

const NEVER = "9223372036854775807";

/**
 * Returns the condition for work that is due at $1 and not leased. A short range of rows is read by the primary key: the planner
 * would prefer an index of due times, which contains all work that is due, and that was due since the last vacuum. An index of due
 * times excludes rows without one, so a condition that never excludes them cannot use it.
 */
function buildDueCondition(table: DueTable, { rows }: WorkScope, time: string): string {
  const isShort = table === "recipient_runs" && rows !== undefined && rows.to - rows.from < MAX_ROWS_BY_KEY;
  return isShort
    ? `COALESCE(t.due_at, ${NEVER}) <= $1 AND ${buildFreeCondition(time)}`
    : `t.due_at <= $1 AND ${buildUnleasedCondition(time)}`;
}

/** Returns the condition for suspected work, or for all other work. The array is read once. */
const buildSuspicionCondition = (table: DueTable, { suspected }: WorkScope): string =>
  `t.row ${suspected ? "= ANY" : "<> ALL"} (ARRAY(${selectSuspectedRows(table)}))`;

/** The conditions of a query for due rows, with its values. */
interface DueQuery {
  /** Conditions of which any matches. */
  alternatives: string[];
  /** Conditions that all match. */
  conditions: string[];
  values: SqlValue[];
}

const WORKFLOW_RUNS = (list: string): string => `SELECT row FROM workflow_runs WHERE id = ANY(${list}::text[])`;
const RECIPIENT_RUNS = (list: string): string => `SELECT row FROM recipient_runs WHERE id = ANY(${list}::text[])`;

/** Adds the conditions for work in a list of the scope. Work of workflow runs is not due before the first of them began. */
function addLists(table: DueTable, scope: WorkScope, { alternatives, values }: DueQuery): void {
  const bind = (value: SqlValue): string => `$${values.push(value)}`;
  const { workflowRunIds = [], recipientRunIds = [], messageIds = [], scheduleIds = [] } = scope;
  if (workflowRunIds.length > 0 && table !== "schedules") {
    const list = bind(workflowRunIds);
    const since = `t.due_at >= (SELECT min(inserted_at) FROM workflow_runs WHERE id = ANY(${list}::text[]))`;
    if (table === "workflow_runs") alternatives.push(`t.id = ANY(${list}::text[])`);
    if (table === "recipient_runs") alternatives.push(`${since} AND t.workflow_run IN (${WORKFLOW_RUNS(list)})`);
    if (table === "messages")
      alternatives.push(
        `${since} AND EXISTS (SELECT 1 FROM recipient_runs r WHERE r.row = t.recipient_run AND r.workflow_run IN (${WORKFLOW_RUNS(list)}))`,
      );
  }
  if (recipientRunIds.length > 0 && table === "recipient_runs")
    alternatives.push(`t.row IN (${RECIPIENT_RUNS(bind(recipientRunIds))})`);
  if (recipientRunIds.length > 0 && table === "messages")
    alternatives.push(`t.recipient_run IN (${RECIPIENT_RUNS(bind(recipientRunIds))})`);
  if (messageIds.length > 0 && table === "messages") alternatives.push(`t.id = ANY(${bind(messageIds)}::text[])`);
  if (scheduleIds.length > 0 && table === "schedules") alternatives.push(`t.id = ANY(${bind(scheduleIds)}::text[])`);
}

/** Adds the conditions that narrow a scope. */
function addLimits(table: DueTable, scope: WorkScope, { conditions, values }: DueQuery): void {
  const { channel, exceptChannels = [], rows, shards } = scope;
  const bind = (value: SqlValue): string => `$${values.push(value)}`;
  if (exceptChannels.length > 0 && table === "messages")
    conditions.push(
      `t.channel <> ALL(ARRAY(SELECT row FROM channels WHERE id = ANY(${bind(exceptChannels)}::text[])))`,
    );
  if (channel !== undefined && table === "messages")
    conditions.push(`t.channel = ANY(ARRAY(SELECT row FROM channels WHERE id = ${bind(channel)}))`);
  if (rows !== undefined && table === "recipient_runs")
    conditions.push(`t.row BETWEEN ${bind(rows.from)} AND ${bind(rows.to)}`);
  if (shards !== undefined && (table === "recipient_runs" || table === "messages"))
    conditions.push(`t.shard BETWEEN ${bind(shards.from)} AND ${bind(shards.to)}`);
}

/** A statement that selects due rows without a lease, earliest first. */
interface DueSelect {
  sql: string;
  values: SqlValue[];
  /** Whether the rows can be locked by the statement itself. */
  isLockable: boolean;
}

/**
 * Builds the statement for the due rows of a scope; null if the scope contains none of the table. Each alternative is a query of
 * its own, so that each uses its own index.
 */
export function buildDueSelect(
  table: DueTable,
  columns: string,
  { now, scope = {} }: Pick<Claim, "now" | "scope">,
  { limit, time }: { limit: number; time: string },
): DueSelect | null {
  const query: DueQuery = { alternatives: [], conditions: [], values: [now, limit] };
  query.conditions.push(buildDueCondition(table, scope, time), buildSuspicionCondition(table, scope));
  addLists(table, scope, query);
  addLimits(table, scope, query);
  const { alternatives, conditions, values } = query;
  const select = (more: string[]): string =>
    `SELECT ${columns} FROM ${table} t WHERE ${[...conditions, ...more].join(" AND ")}`;
  const order = "ORDER BY due_at, row LIMIT $2";
  if (!hasLists(scope)) return { sql: `${select([])} ${order}`, values, isLockable: true };
  if (alternatives.length === 0) return null;
  const selects = alternatives.map((alternative) => `(${select([alternative])} ${order})`);
  return { sql: `SELECT * FROM (${selects.join(" UNION ")}) due ${order}`, values, isLockable: false };
}

const BEGIN_SUSPECT = "UPDATE crashed_claims SET token = $1 WHERE kind = $2 AND row = $3 RETURNING deaths_alone";

/** Records that a claim does only one suspected row. Returns how many processes have ended that did only this row. */
async function beginSuspect(tx: Transaction, table: DueTable, row: number, token: string): Promise<number> {
  const found = await tx.get<{ deaths_alone: number }>(BEGIN_SUSPECT, token, table, row);
  return found?.deaths_alone ?? 0;
}

/** Returns whether a table has due work in the scope. */
export async function hasDueWork(
  tx: Pick<Statements, "get" | "time">,
  table: DueTable,
  claim: Pick<Claim, "now" | "scope">,
): Promise<boolean> {
  const select = buildDueSelect(table, "t.due_at, t.row", claim, { limit: 1, time: tx.time });
  return select !== null && (await tx.get(select.sql, ...select.values)) !== undefined;
}

/** Returns the keys of due rows, earliest first, without those that another transaction has locked. */
async function lockDueRows(tx: Transaction, table: DueTable, claim: Claim, limit: number): Promise<number[]> {
  const select = buildDueSelect(table, "t.due_at, t.row", claim, { limit, time: tx.time });
  if (select === null) return [];
  const lock = select.isLockable ? " FOR NO KEY UPDATE OF t SKIP LOCKED" : "";
  const found = await tx.all<{ row: number }>(select.sql + lock, ...select.values);
  return found.map(({ row }) => row);
}

/**
 * Leases rows that are still due at `dueAt` without a lease, skips those that another transaction has locked, and stores the
 * claim's clock. Returns the rows with the given columns of table `t`, earliest first.
 */
export async function leaseRows<Row>(
  tx: Transaction,
  table: DueTable,
  claim: Claim,
  { rows, dueAt, columns }: { rows: readonly number[]; dueAt: number; columns: string },
): Promise<Row[]> {
  if (claim.clock) await writeClockRow(tx, claim.clock);
  if (rows.length === 0) return [];
  const leased = await tx.all<Row & { due_at: number; row: number }>(
    `UPDATE ${table} t SET claim_token = $2, claim_until = ${tx.time} + $3
     WHERE t.row IN (SELECT row FROM ${table} t WHERE t.row = ANY($1) AND t.due_at <= $4 AND ${buildUnleasedCondition(tx.time)}
       ORDER BY row FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING ${columns}, t.due_at, t.row`,
    rows,
    claim.token,
    claim.leaseMs,
    dueAt,
  );
  return leased.sort((one, other) => one.due_at - other.due_at || one.row - other.row);
}

/**
 * Leases due work of a claim, earliest first: one row if it is suspected. Stores the claim's clock. Returns the given columns of the
 * rows in that order.
 */
export async function leaseDueRows<Row>(
  tx: Transaction,
  table: DueTable,
  claim: Claim,
  { limit, columns, deathsAlone }: { limit: number; columns: string; deathsAlone: Map<string, number> },
): Promise<Row[]> {
  if (!claim.scope?.suspected) {
    const rows = await lockDueRows(tx, table, claim, limit);
    return leaseRows<Row>(tx, table, claim, { rows, dueAt: claim.now, columns });
  }
  const rows = await lockDueRows(tx, table, claim, 1);
  const leased = await leaseRows<Row>(tx, table, claim, { rows, dueAt: claim.now, columns });
  const [row] = rows;
  if (leased.length > 0 && row !== undefined)
    deathsAlone.set(claim.token, await beginSuspect(tx, table, row, claim.token));
  return leased;
}
