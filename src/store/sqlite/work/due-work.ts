import type { Message } from "../../../domain/message/message.js";
import { batchesToClose } from "../../../domain/run/close-batches.js";
import type { Claim, DueKind } from "../../../ports/due-store.js";
import type { ClaimedRun } from "../../../ports/run-store.js";
import { selectClock, writeClockRow } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import { type MessageRow, messageMarksOf, messagesOf, SELECT_MESSAGES } from "../message/message-rows.js";
import { withSecrets } from "../message/message-secrets.js";
import { batchReader, closeBatch } from "../run/batches.js";
import { recipientRunOf, recipientRunRows, workflowRunReader } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { isAnyWaiting, waitOf } from "../run/waits.js";

export const DUE_TABLES = ["recipient_runs", "messages", "workflow_runs", "schedules"] as const;
type DueTable = (typeof DUE_TABLES)[number];

/** Work that nobody has leased at the real time that is bound as `realNow`. */
const isFree = (realNow: string): string => `due_at IS NOT NULL AND (claim_until IS NULL OR claim_until <= ${realNow})`;
/** Values: the store's time, the real time. */
const IS_DUE = `due_at <= ?1 AND ${isFree("?2")}`;

/** Asked without the write lock, which a poll that finds nothing must not take. */
export function isAnyDue(db: Connection, table: DueTable, { now, realNow }: Claim): boolean {
  return db.single(() => db.get(`SELECT 1 FROM ${table} WHERE ${IS_DUE} LIMIT 1`, now, realNow) !== undefined);
}

const KIND_OF: Record<DueTable, DueKind> = {
  schedules: "schedules",
  workflow_runs: "fan_outs",
  recipient_runs: "runs",
  messages: "messages",
};

const DUE_KINDS = `SELECT ${DUE_TABLES.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE ${IS_DUE})`).join(", ")}, EXISTS (SELECT 1 FROM user_changes)`;

export function dueKinds(db: Connection, now: number, realNow: number): ReadonlySet<DueKind> {
  const found = db.single(() => db.list<number[]>(DUE_KINDS, now, realNow)) ?? [];
  const kinds: DueKind[] = [...DUE_TABLES.map((table) => KIND_OF[table]), "user_changes"];
  return new Set(kinds.filter((_, index) => found[index] === 1));
}

/** Leases what is due, earliest first, and sets the claim's clock; the rows' keys in that order. Inside a write only. */
export function lease(db: Connection, table: DueTable, claim: Claim, limit: number): number[] {
  if (claim.clock) writeClockRow(db, claim.clock);
  const rows = db
    .all<{ row: number }>(
      `SELECT row FROM ${table} WHERE ${IS_DUE} ORDER BY due_at, row LIMIT ?3`,
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
    const claimed = recipientRunRows(db, rows);
    for (const batch of batchesToClose(claimed)) closeBatch(db, batch);
    return claimed.map((found): ClaimedRun => {
      const { row } = found;
      kept.set(found.id, row);
      const read = workflowRun(found.workflow_run);
      const version = found.version === null ? read.version : shared.version(found.version);
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

/** The earliest moments at which something that nobody has leased is due, by table, and the first change of a user that is to be followed. */
const NEXT_UNLEASED = `SELECT ${DUE_TABLES.map((table) => `(SELECT due_at FROM ${table} WHERE ${isFree("?1")} ORDER BY due_at LIMIT 1)`).join(", ")}, (SELECT MIN(at) FROM user_changes)`;

function nextUnleased(db: Connection, realNow: number): number[] {
  const found = db.list<(number | null)[]>(NEXT_UNLEASED, realNow) ?? [];
  return found.map((at) => at ?? Number.POSITIVE_INFINITY);
}

export function nextDueAt(db: Connection, realNow: number, unleased: boolean): number | null {
  const next = unleased ? db.single(() => nextUnleased(db, realNow)) : db.read(() => nextWithLeases(db, realNow));
  const first = Math.min(...next);
  return first === Number.POSITIVE_INFINITY ? null : first;
}

function nextWithLeases(db: Connection, realNow: number): number[] {
  const { offset_ms, frozen_at } = selectClock(db);
  const shift = frozen_at === null ? offset_ms : frozen_at - realNow;
  const free = nextUnleased(db, realNow);
  const leased = DUE_TABLES.map((table, index) => nextLeased(db, table, realNow, shift, free[index] as number));
  return [...free, ...leased];
}
