import type { Message } from "../../../domain/message/message.js";
import { countMessages } from "../../../domain/run/outcome.js";
import { sendsRequest } from "../../../domain/run/sends-request.js";
import type { Claim } from "../../../ports/due-store.js";
import type { ClaimedRun } from "../../../ports/run-store.js";
import { getKnown } from "../../../util/get-known.js";
import { zip } from "../../../util/zip.js";
import { stringify } from "../../rows/json-column.js";
import type { MessageRow } from "../../rows/message-row.js";
import { RECIPIENT_RUNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import { selectColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { addSecrets, readMessageStatuses, SELECT_MESSAGES, toMessages } from "../message/message-rows.js";
import { closeBatches } from "../run/batches.js";
import type { ClaimedRow, ClaimedRows } from "../run/claimed-rows.js";
import { readBatches } from "../run/read-batch.js";
import { readWorkflowRuns } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { readWaits } from "../run/waits.js";
import { buildDueSelect, buildUnleasedCondition, hasDueWork, leaseDueRows, leaseRows } from "./due-rows.js";
import { findLastMoment } from "./next-due.js";

type DueRun = RecipientRunRow & { revision: number };

const COLUMNS = `${selectColumns(RECIPIENT_RUNS, "t")}, t.revision`;

/** Leases the runs of a claim, of one moment or several, in order. */
async function leaseDueRuns(
  tx: Transaction,
  claim: Claim,
  limit: number,
  deathsAlone: Map<string, number>,
): Promise<DueRun[]> {
  const lastMoment = await findLastMoment(tx, claim);
  if (lastMoment === claim.now)
    return leaseDueRows<DueRun>(tx, "recipient_runs", claim, { limit, columns: COLUMNS, deathsAlone });
  const found = await tx.all<{ row: number; due_at: number; batch: number | null }>(
    `SELECT t.row, t.due_at, t.batch FROM recipient_runs t WHERE t.due_at <= $1 AND ${buildUnleasedCondition(tx.time)} ORDER BY t.due_at, t.row LIMIT $2`,
    lastMoment,
    limit,
  );
  // A batch is closed by the claim of its run, so it must not be claimed before its time.
  const end = found.findIndex(({ due_at, batch }) => batch !== null && due_at > claim.now);
  const rows = found.slice(0, end === -1 ? limit : end).map(({ row }) => row);
  return leaseRows<DueRun>(tx, "recipient_runs", claim, { rows, dueAt: lastMoment, columns: COLUMNS });
}

/** Reads what the advances of due runs need. */
async function readClaimedRuns(
  tx: Reader,
  shared: SharedRows,
  found: readonly DueRun[],
  { isLeased }: { isLeased: boolean },
): Promise<{ runs: ClaimedRun[]; rows: Map<string, ClaimedRow> }> {
  if (found.length === 0) return { runs: [], rows: new Map() };
  const rowNumbers = found.map(({ row }) => row);
  const workflowRuns = await readWorkflowRuns(
    tx,
    shared,
    found.map(({ workflow_run }) => workflow_run),
  );
  await shared.load(tx, { versions: found.flatMap(({ version }) => version ?? []) });
  const claimed = found.map((row) => {
    const record = workflowRuns.get(row.workflow_run);
    if (record === undefined) throw new Error(`workflow_runs: row ${row.workflow_run} is missing`);
    return { row, record, recipientRun: toRecipientRun(row, record.run.id) };
  });
  const withMessages = claimed.filter(({ recipientRun }) => recipientRun.steps.some((step) => countMessages(step) > 0));
  const statuses = await readMessageStatuses(
    tx,
    withMessages.map(({ row }) => row.row),
  );
  const batches = await readBatches(tx, shared, [...new Set(found.flatMap(({ batch }) => batch ?? []))]);
  const isWaiting = found.some(({ status }) => status === "paused");
  const waits = isWaiting ? await readWaits(tx, rowNumbers) : new Map();
  const rows = new Map<string, ClaimedRow>();
  const texts = new Map<number, string>();
  const runs = claimed.map(({ row, record, recipientRun }): ClaimedRun => {
    const { run } = record;
    const text = texts.get(row.workflow_run) ?? stringify(run.data);
    texts.set(row.workflow_run, text);
    const { batch, version, workflow_run: workflowRun } = row;
    rows.set(row.id, {
      row: row.row,
      batch,
      version,
      workflowRun,
      workflow: run.workflow,
      tenant: run.tenant,
      trigger: { value: run.data, text },
      before: recipientRun,
      isLeased,
    });
    const { wait = null, signals = [] } = waits.get(row.row) ?? {};
    if (wait) recipientRun.wait = wait;
    return {
      recipientRun,
      run,
      version: version === null ? record.version : shared.version(version),
      messages: statuses.get(row.row) ?? [],
      batch: batch === null ? null : (batches.get(batch) ?? null),
      signals,
      revision: row.revision,
    };
  });
  return { runs, rows };
}

export async function claimDueRuns(
  db: Connection,
  shared: SharedRows,
  claimedRows: ClaimedRows,
  claim: Claim,
  limit: number,
): Promise<ClaimedRun[]> {
  if (claim.scope?.heldByJob) return claimRunsOfJob(db, shared, claimedRows, claim, limit);
  if (!(await hasDueWork(db, "recipient_runs", claim))) return [];
  return db.write(async (tx) => {
    const found = await leaseDueRuns(tx, claim, limit, db.deathsAlone);
    await closeBatches(tx, found);
    const { runs, rows } = await readClaimedRuns(tx, shared, found, { isLeased: true });
    claimedRows.remember(claim.token, rows);
    return runs;
  });
}

/**
 * Claims the runs of a worker's job. The job is their lease, and the revision guards the save, so that nothing is written here.
 * Only runs whose next step sends a request are leased, because a second job would send it again, and batches are closed.
 */
async function claimRunsOfJob(
  db: Connection,
  shared: SharedRows,
  claimedRows: ClaimedRows,
  claim: Claim,
  limit: number,
): Promise<ClaimedRun[]> {
  const found = await db.readDue(async (tx) => {
    const select = buildDueSelect("recipient_runs", COLUMNS, claim, { limit, time: tx.time });
    const due = select === null ? [] : await tx.all<DueRun>(select.sql, ...select.values);
    return { due, ...(await readClaimedRuns(tx, shared, due, { isLeased: false })) };
  });
  const due = zip(found.due, found.runs);
  const toLease = due.flatMap(([row, run]) => (row.batch !== null || sendsRequest(run.recipientRun) ? [row] : []));
  if (toLease.length === 0) {
    claimedRows.remember(claim.token, found.rows);
    return found.runs;
  }
  const isLeased = new Set(toLease);
  return db.write(async (tx) => {
    const rows = toLease.map(({ row }) => row);
    const leased = await leaseRows<DueRun>(tx, "recipient_runs", claim, { rows, dueAt: claim.now, columns: COLUMNS });
    await closeBatches(tx, leased);
    const fresh = await readClaimedRuns(tx, shared, leased, { isLeased: true });
    const free = due.flatMap(([row, run]) => (isLeased.has(row) ? [] : [run]));
    const all = new Map([...found.rows, ...fresh.rows]);
    const runs = [...free, ...fresh.runs];
    claimedRows.remember(claim.token, new Map(runs.map(({ recipientRun: { id } }) => [id, getKnown(all, id)])));
    return runs;
  });
}

/** Leases due messages and returns them with their secrets, earliest first. */
export async function claimDueMessages(
  db: Connection,
  shared: SharedRows,
  claim: Claim,
  limit: number,
): Promise<Message[]> {
  if (!(await hasDueWork(db, "messages", claim))) return [];
  return db.write(async (tx) => {
    const found = await leaseDueRows<{ row: number }>(tx, "messages", claim, {
      limit,
      columns: "t.id",
      deathsAlone: db.deathsAlone,
    });
    const leased = found.map(({ row }) => row);
    if (leased.length === 0) return [];
    const rows = await tx.all<MessageRow>(`${SELECT_MESSAGES} WHERE m.row = ANY($1)`, leased);
    const rowsByNumber = new Map(rows.map((row) => [row.row, row]));
    const inOrder = leased.flatMap((row) => rowsByNumber.get(row) ?? []);
    return addSecrets(tx, await toMessages(tx, shared, inOrder));
  });
}
