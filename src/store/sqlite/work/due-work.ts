import type { Message } from "../../../domain/message/message.js";
import type { Claim, ClaimedRun } from "../../../ports/store.js";
import { selectClock } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import { type MessageRow, messageMarksOf, messagesOf, SELECT_MESSAGES } from "../message/message-rows.js";
import { withSecrets } from "../message/message-secrets.js";
import { batchReader, closeBatch } from "../run/batches.js";
import { recipientRunOf, recipientRunRows, workflowRunReader } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { isAnyWaiting, waitOf } from "../run/waits.js";

export const DUE_TABLES = ["recipient_runs", "messages", "workflow_runs", "schedules"] as const;
type DueTable = (typeof DUE_TABLES)[number];

/** Values: the store's time, the real time. */
const IS_DUE = "due_at IS NOT NULL AND due_at <= ? AND (claim_until IS NULL OR claim_until <= ?)";

/** Asked without the write lock, which a poll that finds nothing must not take. */
export function isAnyDue(db: Connection, table: DueTable, { now, realNow }: Claim): boolean {
  return db.read(() => db.get(`SELECT 1 FROM ${table} WHERE ${IS_DUE} LIMIT 1`, now, realNow) !== undefined);
}

/** Leases what is due, earliest first; the rows' keys in that order. */
export function lease(db: Connection, table: DueTable, claim: Claim, limit: number): number[] {
  const rows = db
    .all<{ row: number }>(
      `SELECT row FROM ${table} WHERE ${IS_DUE} ORDER BY due_at, row LIMIT ?`,
      claim.now,
      claim.realNow,
      limit,
    )
    .map(({ row }) => row);
  db.run(
    `UPDATE ${table} SET claim_token = ?, claim_until = ? WHERE row IN (SELECT value FROM json_each(?))`,
    claim.token,
    claim.leaseUntil,
    JSON.stringify(rows),
  );
  return rows;
}

const NO_WAIT: ReturnType<typeof waitOf> = { wait: null, signals: [] };

export function claimDueRuns(db: Connection, shared: SharedRows, claim: Claim, limit: number): ClaimedRun[] {
  if (!isAnyDue(db, "recipient_runs", claim)) return [];
  return db.write(() => {
    const rows = lease(db, "recipient_runs", claim, limit);
    const workflowRun = workflowRunReader(db, shared);
    const batchOf = batchReader(db, shared);
    const marks = messageMarksOf(db, rows);
    const hasWaits = isAnyWaiting(db);
    const kept = new Map<string, number>();
    shared.keepClaim(claim.token, kept);
    return recipientRunRows(db, rows).map((found): ClaimedRun => {
      const { row } = found;
      kept.set(found.id, row);
      const read = workflowRun(found.workflow_run);
      const version = found.version === null ? read.version : shared.version(found.version);
      if (found.batch !== null) closeBatch(db, found.batch);
      const batch = found.batch === null ? null : batchOf(found.batch);
      const recipientRun = recipientRunOf(found, read.run.id);
      const { wait, signals } = hasWaits ? waitOf(db, row) : NO_WAIT;
      if (wait) recipientRun.wait = wait;
      return { recipientRun, run: read.run, version, messages: marks.get(row) ?? [], batch, signals };
    });
  });
}

export function claimDueMessages(db: Connection, shared: SharedRows, claim: Claim, limit: number): Message[] {
  if (!isAnyDue(db, "messages", claim)) return [];
  return db.write(() => {
    const select = db.statement(`${SELECT_MESSAGES} WHERE m.row = ?`);
    const rows = lease(db, "messages", claim, limit).map((row) => select.get(row) as MessageRow);
    return withSecrets(db, messagesOf(db, shared, rows));
  });
}

/** The earliest moment in a table at which something that nobody has leased is due. */
function nextUnleased(db: Connection, table: DueTable, realNow: number): number {
  const next = db.get<{ due_at: number }>(
    `SELECT due_at FROM ${table} WHERE due_at IS NOT NULL AND (claim_until IS NULL OR claim_until <= ?) ORDER BY due_at LIMIT 1`,
    realNow,
  );
  return next?.due_at ?? Number.POSITIVE_INFINITY;
}

/** The earliest moment before `limit` at which a live lease ends. That is real time; `shift` turns it into the store's. */
function nextLeased(db: Connection, table: DueTable, realNow: number, shift: number, limit: number): number {
  const next = db.get<{ at: number | null }>(
    `SELECT MIN(MAX(due_at, claim_until + ?)) AS at FROM ${table} WHERE due_at IS NOT NULL AND due_at < ? AND claim_until > ?`,
    shift,
    Math.min(limit, Number.MAX_SAFE_INTEGER),
    realNow,
  );
  return next?.at ?? Number.POSITIVE_INFINITY;
}

export function nextDueAt(db: Connection, realNow: number, unleased: boolean): number | null {
  return db.read(() => {
    const { offset_ms, frozen_at } = selectClock(db);
    const shift = frozen_at === null ? offset_ms : frozen_at - realNow;
    const next = DUE_TABLES.map((table) => {
      const free = nextUnleased(db, table, realNow);
      return unleased ? free : Math.min(free, nextLeased(db, table, realNow, shift, free));
    });
    // Left to follow up by a process that died, or whose command does not.
    const change = db.get<{ at: number | null }>("SELECT MIN(at) AS at FROM user_changes")?.at;
    const first = Math.min(...next, change ?? Number.POSITIVE_INFINITY);
    return first === Number.POSITIVE_INFINITY ? null : first;
  });
}
