import { getPause, recordDeath } from "../../../domain/run/suspicion.js";
import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import { DUE_TABLES, type DueTable } from "../../rows/due-tables.js";
import { stringify } from "../../rows/json-column.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import type { Connection } from "../connection/connection.js";
import type { Transaction } from "../connection/transaction.js";
import { buildDueSelect, buildUnleasedCondition } from "./due-rows.js";

// A row of `crashed_claims` counts the deaths of processes that held a due row (see domain/run/suspicion.ts). The token is that of the
// claim that does only this work.

/** The rows of the runs of one job. */
interface RunJob {
  rows?: { from: number; to: number };
  shards?: { from: number; to: number };
}

/** A process that has ended, with the jobs that it ran. */
interface DeadProcess {
  /** The tokens of its claims begin with it. */
  id: string;
  /** The number of its jobs. */
  jobs: number;
  /** Those of them that advance runs, which they do not claim. */
  runJobs: readonly RunJob[];
}

/** A row that a dead process held. */
interface HeldRow {
  row: number;
  owner: string;
  is_alone: boolean;
}

const OWNER = "split_part(claim_token, ':', 1)";

const selectHeld = (table: DueTable): string => `
  SELECT t.row, ${OWNER} AS owner,
    EXISTS (SELECT 1 FROM crashed_claims c WHERE c.kind = '${table}' AND c.row = t.row AND c.token = t.claim_token) AS is_alone
  FROM ${table} t WHERE t.due_at IS NOT NULL AND t.claim_until IS NOT NULL AND ${OWNER} = ANY ($1)`;

const SELECT_HELD_CHANGES = `SELECT ${OWNER} AS owner FROM user_changes WHERE ${OWNER} = ANY ($1)`;

const SELECT_RECORDS =
  "SELECT row, count AS deaths, deaths_alone, counted_at FROM crashed_claims WHERE kind = $1 AND row = ANY ($2) FOR UPDATE";

const SAVE_RECORDS = `
  INSERT INTO crashed_claims (kind, row, count, deaths_alone, counted_at)
  SELECT $1, row, deaths, deaths_alone, counted_at
  FROM json_to_recordset($2::json) AS c (row bigint, deaths integer, deaths_alone integer, counted_at bigint) ORDER BY row
  ON CONFLICT (kind, row) DO UPDATE SET
    count = excluded.count, deaths_alone = excluded.deaths_alone, counted_at = excluded.counted_at, token = NULL`;

/** Suspected work pauses: a lease without a token keeps all claims from it. Another process may have claimed a run of a job since. */
const buildRelease = (table: DueTable): string => `
  UPDATE ${table} t SET claim_token = NULL, claim_until = c.until
  FROM json_to_recordset($1::json) AS c (row bigint, until bigint)
  WHERE t.row = c.row AND (c.until IS NOT NULL OR t.claim_token IS NOT NULL)
    AND (t.claim_token IS NULL OR ${OWNER} = ANY ($2))`;

const RELEASE_CHANGES = `UPDATE user_changes SET claim_token = NULL, claim_until = NULL WHERE ${OWNER} = ANY ($1)`;

/** Selects the rows of the runs that a job would advance. */
async function selectRowsOfJob(tx: Transaction, scope: RunJob, limit: number): Promise<number[]> {
  const select = buildDueSelect(
    "recipient_runs",
    "t.due_at, t.row",
    { now: tx.startedAt, scope },
    { limit, time: tx.time },
  );
  return select === null ? [] : (await tx.all<{ row: number }>(select.sql, ...select.values)).map(({ row }) => row);
}

/**
 * Counts the deaths of processes for the work that they held, and releases it. A job holds up to `maxRunsPerJob` runs. Must run before
 * their jobs are unlocked.
 */
export async function releaseDeadWork(
  tx: Transaction,
  dead: readonly DeadProcess[],
  maxRunsPerJob: number,
): Promise<void> {
  const owners = dead.map(({ id }) => id);
  /** The claimed rows and jobs of each process. */
  const held = new Map(dead.map(({ id, jobs }) => [id, jobs]));
  const count = (owner: string): void => void held.set(owner, (held.get(owner) ?? 0) + 1);
  const rowsByTable = new Map<DueTable, HeldRow[]>();
  for (const table of DUE_TABLES) {
    await tx.run(
      `DELETE FROM crashed_claims WHERE kind = $1 AND NOT EXISTS (SELECT 1 FROM ${table} t WHERE t.row = crashed_claims.row AND t.due_at IS NOT NULL)`,
      table,
    );
    const rows = await tx.all<HeldRow>(selectHeld(table), owners);
    for (const { owner } of rows) count(owner);
    rowsByTable.set(table, rows);
  }
  for (const { owner } of await tx.all<{ owner: string }>(SELECT_HELD_CHANGES, owners)) count(owner);

  for (const [table, rows] of rowsByTable) {
    const wasAlone = new Map(rows.map(({ row, owner, is_alone }) => [row, is_alone && held.get(owner) === 1]));
    if (table === "recipient_runs")
      for (const scope of dead.flatMap(({ runJobs }) => runJobs))
        for (const row of await selectRowsOfJob(tx, scope, maxRunsPerJob))
          if (!wasAlone.has(row)) wasAlone.set(row, false);
    if (wasAlone.size === 0) continue;
    const stored = await tx.all<{ row: number; deaths: number; deaths_alone: number; counted_at: number }>(
      SELECT_RECORDS,
      table,
      [...wasAlone.keys()],
    );
    const before = new Map(stored.map(({ row, ...record }) => [row, record]));
    const records = [...wasAlone].map(([row, isAlone]) => ({
      row,
      ...recordDeath(before.get(row), { at: tx.startedAt, wasAlone: isAlone }),
    }));
    await tx.run(SAVE_RECORDS, table, stringify(records));
    const releases = records.map((record) => {
      const pause = getPause(record);
      return { row: record.row, until: pause === 0 ? null : tx.startedAt + pause };
    });
    await tx.run(buildRelease(table), stringify(releases), owners);
  }
  await tx.run(RELEASE_CHANGES, owners);
}

const buildTokensOfProcesses = (time: string): string =>
  [...DUE_TABLES.map((table) => ({ table, due: "due_at" })), { table: "user_changes", due: "at" }]
    .map(
      ({ table, due }) =>
        `SELECT claim_token FROM ${table} WHERE ${due} <= $1 AND claim_until > ${time} AND claim_token LIKE '%@%:%'`,
    )
    .join(" UNION ");

const buildPausedCondition = (table: DueTable): string =>
  `row = ANY (ARRAY(${selectSuspectedRows(table)})) AND due_at <= $1 AND claim_token IS NULL AND claim_until IS NOT NULL`;

/**
 * Ends the leases of commands of this machine that have ended; workers know of each other's end. Returns whether there were any, or
 * pauses that this ended.
 */
export async function releaseDeadClaims(
  db: Connection,
  now: number,
  { endsPauses }: { endsPauses: boolean } = { endsPauses: false },
): Promise<boolean> {
  const tokens = await db.all<{ claim_token: string }>(buildTokensOfProcesses(db.time), now);
  const dead = new Set(
    tokens
      .filter(({ claim_token }) => hasTokenOwnerEnded(claim_token))
      .map(({ claim_token }) => claim_token.split(":")[0]),
  );
  if (dead.size > 0)
    await db.write((tx) =>
      releaseDeadWork(
        tx,
        [...dead].map((id = "") => ({ id, jobs: 0, runJobs: [] })),
        0,
      ),
    );
  let hasEndedPauses = false;
  if (endsPauses)
    for (const table of DUE_TABLES) {
      const ended = await db.run(`UPDATE ${table} SET claim_until = NULL WHERE ${buildPausedCondition(table)}`, now);
      hasEndedPauses ||= ended > 0;
    }
  return dead.size > 0 || hasEndedPauses;
}

/** Ends a claim of suspected work that a process survived. */
export async function settleSuspected(db: Connection, token: string, { isDone }: { isDone: boolean }): Promise<void> {
  db.deathsAlone.delete(token);
  if (isDone) await db.run("DELETE FROM crashed_claims WHERE token = $1", token);
  else await db.run("UPDATE crashed_claims SET token = NULL, deaths_alone = 0 WHERE token = $1", token);
}

/** Returns whether suspected work is due and does not pause. */
export async function hasDueSuspects(db: Connection): Promise<boolean> {
  const { time } = db;
  const selects = DUE_TABLES.map(
    (table) =>
      `SELECT 1 FROM ${table} t WHERE t.row = ANY (ARRAY(${selectSuspectedRows(table)})) AND t.due_at <= ${time} AND ${buildUnleasedCondition(time)}`,
  );
  return (await db.get(`${selects.join(" UNION ALL ")} LIMIT 1`)) !== undefined;
}
