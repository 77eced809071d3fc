import type { Message } from "../../../domain/message/message.js";
import type { Claim, DueKind, WorkScope } from "../../../ports/due-store.js";
import type { ClaimedRun } from "../../../ports/run-store.js";
import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import { DUE_TABLES, type DueTable, KINDS_BY_TABLE } from "../../rows/due-tables.js";
import { stringify } from "../../rows/json-column.js";
import type { MessageRow } from "../../rows/message-row.js";
import { toRecipientRun } from "../../rows/run-row.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import { selectClock, writeClockRow } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import { addSecrets, readMessageStatuses, SELECT_MESSAGES, toMessages } from "../message/message-rows.js";
import { closeBatches } from "../run/batches.js";
import { createBatchReader } from "../run/read-batch.js";
import { createWorkflowRunReader, selectRecipientRunRows } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { hasAnyWait, readWait } from "../run/waits.js";
import {
  buildClaimableCondition,
  buildDueCondition,
  buildUnleasedCondition,
  hasDueWork,
  selectClaimableChanges,
  selectDueRows,
} from "./due-rows.js";
import { beginSuspect, releaseDeadWork } from "./suspected-work.js";

const SELECT_DUE_KINDS = `SELECT ${DUE_TABLES.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE ${buildDueCondition(table)})`).join(", ")}, EXISTS (SELECT 1 FROM user_changes WHERE ${buildClaimableCondition("?2")})`;

export function listDueKinds(db: Connection, now: number, scope?: WorkScope): ReadonlySet<DueKind> {
  if (scope !== undefined) return db.runSingle(() => listDueKindsInScope(db, now, scope));
  const found = db.runSingle(() => db.getList<number[]>(SELECT_DUE_KINDS, now, db.realNow())) ?? [];
  const kinds: DueKind[] = [...DUE_TABLES.map((table) => KINDS_BY_TABLE[table]), "user_changes"];
  return new Set(kinds.filter((_, index) => found[index] === 1));
}

function listDueKindsInScope(db: Connection, now: number, scope: WorkScope): ReadonlySet<DueKind> {
  const kinds = new Set<DueKind>();
  for (const table of DUE_TABLES)
    if (selectDueRows(db, table, { now, scope }, 1).length > 0) kinds.add(KINDS_BY_TABLE[table]);
  if (selectClaimableChanges(db, scope, 1).length > 0) kinds.add("user_changes");
  return kinds;
}

/**
 * Leases due work, earliest first, and stores the claim's clock. Returns the rows' keys in that order. Must run inside a write.
 */
export function leaseDueRows(db: Connection, table: DueTable, claim: Claim, limit: number): number[] {
  const rows = selectClaimable(db, table, () => selectDueRows(db, table, claim, limit));
  const [first] = rows;
  if (claim.scope?.suspected && first !== undefined) beginSuspect(db, table, first, claim.token);
  leaseRows(db, table, claim, rows);
  return rows;
}

/** Selects rows to claim. If a lease of one has ended because its process did, this death counts first. */
function selectClaimable(db: Connection, table: DueTable, select: () => number[]): number[] {
  const rows = select();
  const tokens = db.allLists<[token: string]>(
    `SELECT DISTINCT claim_token FROM ${table} WHERE claim_token IS NOT NULL AND row IN (SELECT value FROM json_each(?))`,
    stringify(rows),
  );
  if (!tokens.some(([token]) => hasTokenOwnerEnded(token))) return rows;
  releaseDeadWork(db);
  return select();
}

function leaseRows(db: Connection, table: DueTable, claim: Claim, rows: readonly number[]): void {
  if (claim.clock) writeClockRow(db, claim.clock);
  db.run(
    `UPDATE ${table} SET claim_token = ?, claim_until = ? WHERE row IN (SELECT value FROM json_each(?))`,
    claim.token,
    db.realNow() + claim.leaseMs,
    stringify(rows),
  );
}

/** Selects the earliest time of work other than runs, or null. */
const SELECT_FIRST_OTHER_WORK = `SELECT MIN(at) FROM (${DUE_TABLES.filter((table) => table !== "recipient_runs")
  .map((table) => `SELECT MIN(due_at) AS at FROM ${table} WHERE due_at IS NOT NULL`)
  .join(" UNION ALL ")} UNION ALL SELECT MIN(at) FROM user_changes)`;

/** Returns whether suspected runs are done by themselves, each at its own time. */
const hasSuspectedRuns = (db: Connection): boolean =>
  db.getList(`${selectSuspectedRows("recipient_runs")} LIMIT 1`) !== undefined;

/** Returns the time up to which a claim may contain runs, so that nothing else is due before any of them. */
function findLastMoment(db: Connection, { now, scope, until = now }: Claim): number {
  if (until <= now || scope !== undefined || hasAnyWait(db) || hasSuspectedRuns(db)) return now;
  const [firstOther] = db.getList<[number | null]>(SELECT_FIRST_OTHER_WORK) ?? [null];
  return Math.max(now, Math.min(until, (firstOther ?? Number.POSITIVE_INFINITY) - 1));
}

/** Leases the runs of a claim, of one moment or several. Returns their rows in order. Must run inside a write. */
function leaseDueRuns(db: Connection, claim: Claim, limit: number): number[] {
  const lastMoment = findLastMoment(db, claim);
  if (lastMoment === claim.now) return leaseDueRows(db, "recipient_runs", claim, limit);
  const rows = selectClaimable(db, "recipient_runs", () => {
    const found = db.allLists<[row: number, due_at: number, batch: number | null]>(
      `SELECT row, due_at, batch FROM recipient_runs WHERE ${buildDueCondition("recipient_runs")} ORDER BY due_at, row LIMIT ?3`,
      lastMoment,
      db.realNow(),
      limit,
    );
    // A batch is closed by the claim of its run, so it must not be claimed before its time.
    const end = found.findIndex(([, due_at, batch]) => batch !== null && due_at > claim.now);
    return found.slice(0, end === -1 ? limit : end).map(([row]) => row);
  });
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
      return { recipientRun, run: read.run, version, messages: statuses.get(row) ?? [], batch, signals, revision: 0 };
    });
  });
}

export function claimDueMessages(db: Connection, shared: SharedRows, claim: Claim, limit: number): Message[] {
  if (!hasDueWork(db, "messages", claim)) return [];
  return db.writeUnsynced(() => {
    const select = `${SELECT_MESSAGES} WHERE m.row = ?`;
    const rows = leaseDueRows(db, "messages", claim, limit).map((row) => db.getOne<MessageRow>(select, row));
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
const SELECT_NEXT_UNLEASED = `SELECT ${DUE_TABLES.map((table) => `(SELECT due_at FROM ${table} WHERE ${buildUnleasedCondition("?1")} ORDER BY due_at LIMIT 1)`).join(", ")}, (SELECT MIN(at) FROM user_changes WHERE ${buildClaimableCondition("?1")})`;

function readNextUnleased(db: Connection, realNow: number): number[] {
  const found = db.getList<(number | null)[]>(SELECT_NEXT_UNLEASED, realNow) ?? [];
  return found.map((at) => at ?? Number.POSITIVE_INFINITY);
}

export function readNextDueAt(db: Connection, options?: { excludeLeased: boolean }): number | null {
  const realNow = db.realNow();
  const next = options?.excludeLeased
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
    readNextLeaseEnd(db, table, realNow, shift, unleased[index] ?? Number.POSITIVE_INFINITY),
  );
  const changes = db.get<{ at: number | null }>(
    "SELECT MIN(MAX(at, claim_until + ?)) AS at FROM user_changes WHERE claim_until > ?",
    shift,
    realNow,
  );
  return [...unleased, ...leased, changes?.at ?? Number.POSITIVE_INFINITY];
}
