import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { Subscription } from "../../../domain/recipient/subscription.js";
import type { BatchDecision } from "../../../domain/run/batch-continuations.js";
import type { FanOutState } from "../../../domain/run/fan-out-state.js";
import type { CausedWork, Claim } from "../../../ports/due-store.js";
import type { ChunkResult, ClaimedFanOut, FanOutChunk, FanOutSplit } from "../../../ports/fan-out-store.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { SUBSCRIPTION_COLUMNS, type SubscriptionRow, toSubscribers } from "../../rows/recipient-row.js";
import type { Connection } from "../connection/connection.js";
import { applyUpserts } from "../recipient/recipients.js";
import { createWorkflowRunReader } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { useAssumedSlots } from "../run/throttle-slots.js";
import { leaseDueRows } from "./claim-due-work.js";
import { hasDueWork } from "./due-rows.js";
import {
  insertFrequencyRecords,
  insertRecipientRuns,
  insertTriggers,
  selectAlreadyTriggered,
} from "./insert-workflow-run.js";

export function listSubscribers(
  db: Connection,
  object: RecipientKey,
  after: number | null,
  limit: number,
): { items: Subscription[]; next: number | null } {
  const select = `SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions s WHERE s.object = ? AND s.row > ? ORDER BY s.row LIMIT ?`;
  return toSubscribers(
    db.runSingle(() => db.all<SubscriptionRow>(select, object, after ?? 0, limit + 1)),
    limit,
  );
}

export function readRecipientsWithRun(
  db: Connection,
  workflowRunId: string,
  recipients: readonly RecipientKey[],
): Set<RecipientKey> {
  return db.read(() => {
    const run = db.get<{ row: number }>("SELECT row FROM workflow_runs WHERE id = ?", workflowRunId);
    if (run === undefined || recipients.length === 0) return new Set<RecipientKey>();
    const rows = db.all<{ recipient: RecipientKey }>(
      "SELECT recipient FROM recipient_runs WHERE workflow_run = ? AND recipient IN (SELECT value FROM json_each(?))",
      run.row,
      stringify(recipients),
    );
    return new Set(rows.map(({ recipient }) => recipient));
  });
}

export function claimDueFanOuts(db: Connection, shared: SharedRows, claim: Claim, limit: number): ClaimedFanOut[] {
  if (!hasDueWork(db, "workflow_runs", claim)) return [];
  return db.writeUnsynced(() => {
    const read = createWorkflowRunReader(db, shared);
    const select = "SELECT fan_out FROM workflow_runs WHERE row = ?";
    return leaseDueRows(db, "workflow_runs", claim, limit).map((row): ClaimedFanOut => {
      const { run, version } = read(row);
      return { run, version, fanOut: parseJson(db.getOne<{ fan_out: JsonText<FanOutState> }>(select, row).fan_out) };
    });
  });
}

export function splitFanOut(
  db: Connection,
  shared: SharedRows,
  { workflow_run_id, tenant, rest, triggers, upserts }: FanOutSplit,
  token: string,
  at: number,
): CausedWork | null {
  const { result: wasHeld, caused } = db.writeAndCollect(() => {
    const changes = db.run(
      `UPDATE workflow_runs SET tenant = ?, fan_out = ?${rest === null ? ", due_at = NULL, claim_token = NULL, claim_until = NULL" : ""} WHERE id = ? AND claim_token = ?`,
      tenant,
      rest === null ? null : stringify(rest),
      workflow_run_id,
      token,
    );
    if (changes === 0) return false;
    applyUpserts(db, upserts, at);
    insertTriggers(db, shared, triggers);
    return true;
  });
  return wasHeld ? caused : null;
}

interface ClaimedFanOutRow {
  fan_out: string | null;
  row: number;
  workflow: string;
  tenant: string | null;
  data: string;
  unidentified: string | null;
}

type WrittenChunk =
  | { outcome: "inserted"; batchDecisions: Map<string, BatchDecision> }
  | Exclude<ChunkResult, { outcome: "inserted" }>;

/**
 * Inserts the next recipients and the progress of the fan-out in one transaction, so that a crash neither repeats nor omits a
 * recipient.
 */
export function insertFanOutChunk(
  db: Connection,
  shared: SharedRows,
  chunk: FanOutChunk,
  token: string,
  leaseMs: number | null,
): ChunkResult {
  const { result, caused } = db.writeAndCollect((): WrittenChunk => {
    const held = db.get<ClaimedFanOutRow>(
      "SELECT row, workflow, tenant, data, unidentified, fan_out FROM workflow_runs WHERE id = ? AND claim_token = ?",
      chunk.workflow_run_id,
      token,
    );
    if (held === undefined) return { outcome: "lost" };
    if (chunk.rest !== null && held.fan_out === stringify(chunk.rest)) return { outcome: "repeated" };
    const alreadyTriggered = selectAlreadyTriggered(db, chunk.frequencyRecords);
    if (alreadyTriggered.length > 0 || !useAssumedSlots(db, chunk.throttles, chunk.at))
      return { outcome: "already_triggered", recipients: alreadyTriggered };

    applyUpserts(db, chunk.upserts, chunk.at);
    const { row, workflow, tenant, data } = held;
    const trigger = { row, value: null, text: data, workflow, tenant };
    const decided = insertRecipientRuns(db, shared, chunk, trigger, chunk.at);
    insertFrequencyRecords(db, chunk.frequencyRecords);
    insertTriggers(db, shared, chunk.triggers);
    const unidentified = [...(held.unidentified ? JSON.parse(held.unidentified) : []), ...chunk.unidentified];
    const unidentifiedText = unidentified.length > 0 ? stringify(unidentified) : null;
    if (chunk.rest === null) {
      db.run(
        "UPDATE workflow_runs SET fan_out = NULL, due_at = NULL, claim_token = NULL, claim_until = NULL, unidentified = ? WHERE row = ?",
        unidentifiedText,
        held.row,
      );
    } else {
      db.run(
        "UPDATE workflow_runs SET fan_out = ?, unidentified = ?, claim_token = ?, claim_until = ? WHERE row = ?",
        stringify(chunk.rest),
        unidentifiedText,
        leaseMs === null ? null : token,
        leaseMs === null ? null : db.realNow() + leaseMs,
        held.row,
      );
    }
    return { outcome: "inserted", batchDecisions: decided };
  });
  return result.outcome === "inserted" ? { ...result, caused } : result;
}
