import type { BatchDecision } from "../../../domain/run/batch-continuations.js";
import { isStillWaiting } from "../../../domain/run/run-wait.js";
import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import type { ClockSetting } from "../../../ports/clock-store.js";
import type { SaveAdvancesResult, SavedAdvance } from "../../../ports/run-store.js";
import { stringify } from "../../rows/json-column.js";
import { writeClockRow } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import type { Transaction } from "../connection/transaction.js";
import { insertMessages } from "../message/message-rows.js";
import { applyUpserts } from "../recipient/recipients.js";
import { type DecidedRun, decideBatches } from "../run/batches.js";
import { shareCancellationKeys } from "../run/cancel-runs.js";
import type { ClaimedRow, ClaimedRows } from "../run/claimed-rows.js";
import { recordOutboundRuns } from "../run/outbound-events.js";
import { buildHeldCondition, updateRunRows, wakeRuns } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { deleteWaits, lockWaits } from "../run/waits.js";
import { insertTriggers } from "./insert-triggers.js";
import { insertPossibleRows } from "./insert-workflow-run.js";
import { getRun, listMessages, type PreparedAdvance, recordAdvances } from "./record-advances.js";

const RELEASE =
  "UPDATE recipient_runs SET claim_token = NULL, claim_until = NULL WHERE row = ANY($1) AND claim_token = $2";

interface StoredRow {
  id: string;
  data: string;
  status: RecipientRun["status"];
  error_count: number;
}

/** Returns the rows of runs by id: those of the claim, and others from the database. */
async function readRows(
  tx: Transaction,
  advances: readonly SavedAdvance[],
  claimed: ReadonlyMap<string, ClaimedRow> | undefined,
): Promise<Map<string, ClaimedRow>> {
  const rows = new Map(claimed);
  const unknown = advances.map(({ recipientRun: { id } }) => id).filter((id) => !rows.has(id));
  if (unknown.length === 0) return rows;
  const found = await tx.all<Omit<ClaimedRow, "trigger" | "before" | "isLeased"> & StoredRow>(
    'SELECT r.id, r.row, r.batch, r.version, r.workflow_run AS "workflowRun", w.workflow, w.tenant, w.data, r.status, r.error_count FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run WHERE r.id = ANY($1::text[])',
    unknown,
  );
  for (const { id, data, status, error_count, ...row } of found)
    rows.set(id, {
      ...row,
      trigger: { value: null, text: data },
      before: { status, error_count },
      isLeased: true,
    });
  return rows;
}

/** Locks the runs at a batch step that can still be saved, so that no batch is changed for others. Returns their rows. */
async function lockHeldRows(
  tx: Transaction,
  advances: readonly { advance: SavedAdvance; claimed: ClaimedRow }[],
  token: string,
): Promise<Set<number>> {
  if (advances.length === 0) return new Set();
  const asked = advances.map(({ advance: { revision }, claimed: { row, isLeased } }) => ({
    row,
    revision,
    is_leased: isLeased,
  }));
  const held = await tx.all<{ row: number }>(
    "SELECT r.row FROM recipient_runs r JOIN json_to_recordset($1::json) AS c (row bigint, revision integer, is_leased boolean) ON c.row = r.row " +
      `WHERE ${buildHeldCondition("$2")} ORDER BY r.row FOR NO KEY UPDATE OF r`,
    stringify(asked),
    token,
  );
  return new Set(held.map(({ row }) => row));
}

/** Returns the advances with their rows, once per run, and decides those at a batch step that can still be saved. */
async function prepareAdvances(
  tx: Transaction,
  advances: readonly SavedAdvance[],
  rows: ReadonlyMap<string, ClaimedRow>,
  token: string,
  now: number,
): Promise<PreparedAdvance[]> {
  const seen = new Set<string>();
  const known = advances.flatMap((advance) => {
    const claimed = rows.get(advance.recipientRun.id);
    if (claimed === undefined || seen.has(advance.recipientRun.id)) return [];
    seen.add(advance.recipientRun.id);
    return [{ advance, claimed }];
  });
  const atBatch = known.flatMap(({ advance, claimed }) =>
    advance.batch === null ? [] : [{ advance, claimed, continuations: advance.batch }],
  );
  const held = await lockHeldRows(tx, atBatch, token);
  const toDecide = atBatch.filter(({ claimed }) => held.has(claimed.row));
  const decidedByRow = await decideBatches(
    tx,
    toDecide.map(({ claimed: { row, batch, trigger }, continuations }) => ({ row, batch, trigger, continuations })),
    now,
  );
  return known
    .map(({ advance, claimed }) => ({ advance, claimed, decided: decidedByRow.get(claimed.row) ?? null }))
    .filter(({ advance, decided }) => advance.batch === null || decided !== null);
}

/** Updates the rows of advances and returns those that were saved. */
async function updateRows(
  tx: Transaction,
  shared: SharedRows,
  prepared: readonly PreparedAdvance[],
  token: string,
): Promise<PreparedAdvance[]> {
  const updated = await updateRunRows(
    tx,
    prepared.map((one) => ({
      row: one.claimed.row,
      run: getRun(one),
      batch: one.decided ? one.decided.batch : one.claimed.batch,
      version: one.advance.version ? shared.getVersionRow(one.advance.version) : one.claimed.version,
      revision: one.advance.revision,
      isLeased: one.claimed.isLeased,
    })),
    token,
  );
  const isUpdated = new Set(updated);
  return prepared.filter(({ claimed }) => isUpdated.has(claimed.row));
}

/** Inserts what the saved advances made: recipients, triggers and messages. */
async function insertResults(
  tx: Transaction,
  shared: SharedRows,
  saved: readonly PreparedAdvance[],
  now: number,
): Promise<void> {
  const list = <T>(
    ofAdvance: (advance: SavedAdvance) => readonly T[],
    ofDecided: (continuation: DecidedRun["continuation"]) => readonly T[],
  ): T[] =>
    saved.flatMap(({ advance, decided }) => [
      ...ofAdvance(advance),
      ...(decided ? ofDecided(decided.continuation) : []),
    ]);
  await applyUpserts(
    tx,
    list(
      ({ upserts }) => upserts,
      ({ upserts }) => upserts,
    ),
    now,
  );
  await insertTriggers(
    tx,
    shared,
    list(
      ({ triggers }) => triggers,
      ({ triggers }) => triggers,
    ),
  );
  await insertMessages(
    tx,
    shared,
    saved.flatMap((one) =>
      listMessages(one).map((message) => ({
        message,
        recipientRun: one.claimed.row,
        workflowRun: one.claimed.workflowRun,
        trigger: one.claimed.trigger,
      })),
    ),
  );
}

interface SaveOptions {
  token: string;
  now: number;
  clock?: ClockSetting | undefined;
  keepsClaim?: boolean;
}

/**
 * Saves advances of runs that the claim still holds, and releases its other runs unless it is kept. A run that was canceled, or saved by another
 * worker since it was claimed, has another revision and is not overwritten.
 */
export async function saveAdvances(
  db: Connection,
  shared: SharedRows,
  claimedRows: ClaimedRows,
  advances: readonly SavedAdvance[],
  { token, now, clock, keepsClaim = false }: SaveOptions,
): Promise<SaveAdvancesResult> {
  const runs = await insertPossibleRows(db, shared, {
    messages: advances.flatMap(({ messages }) => messages),
    triggers: advances.flatMap(({ triggers }) => triggers),
    batches: advances.map(({ batch }) => batch),
    versions: advances.flatMap(({ version }) => version ?? []),
  });
  const claimed = claimedRows.get(token);
  const result = await db.write(async (tx): Promise<SaveAdvancesResult> => {
    await shareCancellationKeys(tx, runs);
    if (clock) await writeClockRow(tx, clock);
    const rows = await readRows(tx, advances, claimed);
    const prepared = await prepareAdvances(tx, advances, rows, token, now);
    // Waits are locked before the rows of runs, as events do.
    const waiting = await lockWaits(
      tx,
      prepared.filter((one) => !isStillWaiting(getRun(one).wait)).map((one) => one.claimed.row),
    );
    const saved = await updateRows(tx, shared, prepared, token);
    // The wait of a run that is not saved was begun by the worker that saved it before.
    await deleteWaits(
      tx,
      saved.map(({ claimed: { row } }) => row).filter((row) => waiting.has(row)),
    );
    await insertResults(tx, shared, saved, now);
    await recordAdvances(tx, shared, saved, now);
    wakeRuns(
      tx,
      saved.map((one) => {
        const { row, workflowRun, workflow, tenant } = one.claimed;
        return { row, workflowRun, workflow, tenant, run: getRun(one) };
      }),
    );
    await recordOutboundRuns(
      tx,
      saved.map((one) => ({ before: one.claimed.before, after: getRun(one) })),
    );
    if (!keepsClaim) await releaseOthers(tx, claimed, advances, token);
    return {
      saved: new Set(saved.map(({ advance }) => advance.recipientRun.id)),
      batchDecisions: new Map(
        saved.flatMap(({ advance, decided }): [string, BatchDecision][] =>
          decided ? [[advance.recipientRun.id, decided.decision]] : [],
        ),
      ),
      caused: tx.getCausedWork(),
    };
  });
  if (!keepsClaim) claimedRows.forget(token);
  return result;
}

/** Releases the runs of a claim that were not advanced. */
async function releaseOthers(
  tx: Transaction,
  claimed: ReadonlyMap<string, ClaimedRow> | undefined,
  advances: readonly SavedAdvance[],
  token: string,
): Promise<void> {
  if (claimed === undefined || claimed.size <= advances.length) return;
  const advanced = new Set(advances.map(({ recipientRun }) => recipientRun.id));
  const others = [...claimed].filter(([id]) => !advanced.has(id)).map(([, { row }]) => row);
  await tx.run(RELEASE, others, token);
}
