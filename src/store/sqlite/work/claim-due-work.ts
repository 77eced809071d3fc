import type { Message } from "../../../domain/message/message.js";
import type { Claim, DueKind } from "../../../ports/due-store.js";
import type { ClaimedRun } from "../../../ports/run-store.js";
import type { MessageRow } from "../../rows/message-row.js";
import { toRecipientRun } from "../../rows/run-row.js";
import { selectClock, writeClockRow } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import { readMessageStatuses, SELECT_MESSAGES, toMessages } from "../message/message-rows.js";
import { addSecrets } from "../message/message-secrets.js";
import { closeBatches } from "../run/batches.js";
import { createBatchReader } from "../run/read-batch.js";
import { createWorkflowRunReader, selectRecipientRunRows } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { hasAnyWait, readWait } from "../run/waits.js";

const DUE_TABLES = ["recipient_runs", "messages", "workflow_runs", "schedules"] as const;
type DueTable = (typeof DUE_TABLES)[number];

/** Returns the condition for work without a current lease. `realNow` is the placeholder of the real time. */
const buildUnleasedCondition = (realNow: string): string =>
  `due_at IS NOT NULL AND (claim_until IS NULL OR claim_until <= ${realNow})`;
/** Condition for due work without a lease. Its values are the store's time and the real time. */
const IS_DUE = `due_at <= ?1 AND ${buildUnleasedCondition("?2")}`;

/** Returns whether a table has due work. Reads without the write lock, which a poll that finds nothing must not take. */
export function hasDueWork(db: Connection, table: DueTable, { now, realNow }: Claim): boolean {
  return db.runSingle(() => db.get(`SELECT 1 FROM ${table} WHERE ${IS_DUE} LIMIT 1`, now, realNow) !== undefined);
}

const KINDS_BY_TABLE: Record<DueTable, DueKind> = {
  schedules: "schedules",
  workflow_runs: "fan_outs",
  recipient_runs: "runs",
  messages: "messages",
};

const SELECT_DUE_KINDS = `SELECT ${DUE_TABLES.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE ${IS_DUE})`).join(", ")}, EXISTS (SELECT 1 FROM user_changes)`;

export function listDueKinds(db: Connection, now: number, realNow: number): ReadonlySet<DueKind> {
  const found = db.runSingle(() => db.getList<number[]>(SELECT_DUE_KINDS, now, realNow)) ?? [];
  const kinds: DueKind[] = [...DUE_TABLES.map((table) => KINDS_BY_TABLE[table]), "user_changes"];
  return new Set(kinds.filter((_, index) => found[index] === 1));
}

/**
 * Leases due work, earliest first, and stores the claim's clock. Returns the rows' keys in that order. Must run inside a write.
 */
export function leaseDueRows(db: Connection, table: DueTable, claim: Claim, limit: number): number[] {
  const rows = db
    .all<{ row: number }>(
      `SELECT row FROM ${table} WHERE ${IS_DUE} ORDER BY due_at, row LIMIT ?3`,
      claim.now,
      claim.realNow,
      limit,
    )
    .map(({ row }) => row);
  leaseRows(db, table, claim, rows);
  return rows;
}

function leaseRows(db: Connection, table: DueTable, claim: Claim, rows: readonly number[]): void {
  if (claim.clock) writeClockRow(db, claim.clock);
  db.run(
    `UPDATE ${table} SET claim_token = ?, claim_until = ? WHERE row IN (SELECT value FROM json_each(?))`,
    claim.token,
    claim.leaseUntil,
    JSON.stringify(rows),
  );
}

/** Selects the earliest time of work other than runs, or null. */
const SELECT_FIRST_OTHER_WORK = `SELECT MIN(at) FROM (${DUE_TABLES.filter((table) => table !== "recipient_runs")
  .map((table) => `SELECT MIN(due_at) AS at FROM ${table} WHERE due_at IS NOT NULL`)
  .join(" UNION ALL ")} UNION ALL SELECT MIN(at) FROM user_changes)`;

/** Returns the time up to which a claim may contain runs, so that nothing else is due before any of them. */
function findLastMoment(db: Connection, { now, until = now }: Claim): number {
  if (until <= now || hasAnyWait(db)) return now;
  const [firstOther] = db.getList<[number | null]>(SELECT_FIRST_OTHER_WORK) ?? [null];
  return Math.max(now, Math.min(until, (firstOther ?? Number.POSITIVE_INFINITY) - 1));
}

/** Leases the runs of a claim, of one moment or several. Returns their rows in order. Must run inside a write. */
function leaseDueRuns(db: Connection, claim: Claim, limit: number): number[] {
  const lastMoment = findLastMoment(db, claim);
  if (lastMoment === claim.now) return leaseDueRows(db, "recipient_runs", claim, limit);
  const found = db.allLists<[row: number, due_at: number, batch: number | null]>(
    `SELECT row, due_at, batch FROM recipient_runs WHERE ${IS_DUE} ORDER BY due_at, row LIMIT ?3`,
    lastMoment,
    claim.realNow,
    limit,
  );
  // A batch is closed by the claim of its run, so it must not be claimed before its time.
  const end = found.findIndex(([, due_at, batch]) => batch !== null && due_at > claim.now);
  const rows = found.slice(0, end === -1 ? limit : end).map(([row]) => row);
  leaseRows(db, "recipient_runs", claim, rows);
  return rows;
}

const NO_WAIT: ReturnType<typeof readWait> = { wait: null, signals: [] };

export function claimDueRuns(db: Connection, shared: SharedRows, claim: Claim, limit: number): ClaimedRun[] {
  if (!hasDueWork(db, "recipient_runs", claim)) return [];
  return db.writeUnsynced(() => {
    const rows = leaseDueRuns(db, claim, limit);
    const workflowRun = createWorkflowRunReader(db, shared);
    const readBatchContent = createBatchReader(db, shared);
    const statuses = readMessageStatuses(db, rows);
    const hasWaits = hasAnyWait(db);
    const rowsById = new Map<string, number>();
    shared.rememberClaimRows(claim.token, rowsById);
    const claimed = selectRecipientRunRows(db, rows);
    closeBatches(db, claimed);
    return claimed.map((found): ClaimedRun => {
      const { row } = found;
      rowsById.set(found.id, row);
      const read = workflowRun(found.workflow_run);
      const version = found.version === null ? read.version : shared.readVersion(found.version);
      const batch = found.batch === null ? null : readBatchContent(found.batch);
      const recipientRun = toRecipientRun(found, read.run.id);
      const { wait, signals } = hasWaits ? readWait(db, row) : NO_WAIT;
      if (wait) recipientRun.wait = wait;
      return { recipientRun, run: read.run, version, messages: statuses.get(row) ?? [], batch, signals };
    });
  });
}

export function claimDueMessages(db: Connection, shared: SharedRows, claim: Claim, limit: number): Message[] {
  if (!hasDueWork(db, "messages", claim)) return [];
  return db.writeUnsynced(() => {
    const select = db.prepare(`${SELECT_MESSAGES} WHERE m.row = ?`);
    const rows = leaseDueRows(db, "messages", claim, limit).map((row) => select.get(row) as MessageRow);
    return addSecrets(db, toMessages(db, shared, rows));
  });
}

/** Returns the earliest store time before `limit` at which a lease ends. Leases end at a real time, which `shift` converts. */
function readNextLeaseEnd(db: Connection, table: DueTable, realNow: number, shift: number, limit: number): number {
  const next = db.get<{ at: number | null }>(
    `SELECT MIN(MAX(due_at, claim_until + ?)) AS at FROM ${table} WHERE due_at IS NOT NULL AND due_at < ? AND claim_until > ?`,
    shift,
    Math.min(limit, Number.MAX_SAFE_INTEGER),
    realNow,
  );
  return next?.at ?? Number.POSITIVE_INFINITY;
}

/**
 * Selects the earliest times at which work without a lease is due, by table, and the time of the first unprocessed user
 * change.
 */
const SELECT_NEXT_UNLEASED = `SELECT ${DUE_TABLES.map((table) => `(SELECT due_at FROM ${table} WHERE ${buildUnleasedCondition("?1")} ORDER BY due_at LIMIT 1)`).join(", ")}, (SELECT MIN(at) FROM user_changes)`;

function readNextUnleased(db: Connection, realNow: number): number[] {
  const found = db.getList<(number | null)[]>(SELECT_NEXT_UNLEASED, realNow) ?? [];
  return found.map((at) => at ?? Number.POSITIVE_INFINITY);
}

export function readNextDueAt(db: Connection, realNow: number, unleased: boolean): number | null {
  const next = unleased
    ? db.runSingle(() => readNextUnleased(db, realNow))
    : db.read(() => readNextWithLeases(db, realNow));
  const first = Math.min(...next);
  return first === Number.POSITIVE_INFINITY ? null : first;
}

function readNextWithLeases(db: Connection, realNow: number): number[] {
  const { offset_ms, frozen_at } = selectClock(db);
  const shift = frozen_at === null ? offset_ms : frozen_at - realNow;
  const unleased = readNextUnleased(db, realNow);
  const leased = DUE_TABLES.map((table, index) =>
    readNextLeaseEnd(db, table, realNow, shift, unleased[index] as number),
  );
  return [...unleased, ...leased];
}
