import type { Message } from "../../../domain/message/message.js";
import type { BatchContinuations, BatchDecision } from "../../../domain/run/batch-continuations.js";
import { buildRunEvents } from "../../../domain/run/occurred-event.js";
import type { RecipientRun, WorkflowRun } from "../../../domain/run/workflow-run.js";
import { getKnown } from "../../../util/get-known.js";
import { zip } from "../../../util/zip.js";
import type { TriggerData } from "../../rows/run-row.js";
import { allocateRows } from "../connection/allocate-rows.js";
import type { Transaction } from "../connection/transaction.js";
import { insertMessages } from "../message/message-rows.js";
import { applyUpserts } from "../recipient/recipients.js";
import { decideBatches, type RunAtBatch } from "../run/batches.js";
import { insertRunRows, type NewRun } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { type BegunWait, type EventEntry, listMessageEvents, processEvents } from "../run/waits.js";
import { insertTriggers } from "./insert-triggers.js";

/** Runs with their messages. For a run at a batch step, the continuation that applies is inserted (E-247, E-248). */
interface RunsToInsert {
  recipientRuns: readonly RecipientRun[];
  messages: readonly Message[];
  batches: ReadonlyMap<string, BatchContinuations>;
}

/**
 * Inserts recipient runs and returns the batch decisions by run id. `trigger` is the workflow run and its row, and its data,
 * which messages share.
 */
export async function insertRecipientRuns(
  tx: Transaction,
  shared: SharedRows,
  { recipientRuns, messages, batches }: RunsToInsert,
  trigger: TriggerData & { row: number; run: WorkflowRun },
  now: number,
): Promise<Map<string, BatchDecision>> {
  const numbered = zip(recipientRuns, await allocateRows(tx, recipientRuns.length));
  const rowsById = new Map(numbered.map(([{ id }, row]) => [id, row]));
  const atBatch = numbered.flatMap(([{ id }, row]): RunAtBatch[] => {
    const continuations = batches.get(id);
    return continuations ? [{ row, batch: null, continuations, trigger }] : [];
  });
  const decidedRuns = await decideBatches(tx, atBatch, now);

  const newRuns = numbered.map(([run, row]): NewRun => {
    const decided = decidedRuns.get(row);
    return decided ? { row, run: decided.continuation.recipientRun, batch: decided.batch } : { row, run, batch: null };
  });
  const { workflow, tenant } = trigger.run;
  await insertRunRows(tx, { row: trigger.row, workflow, tenant }, newRuns);
  const continuations = [...decidedRuns.values()].map(({ continuation }) => continuation);
  const allMessages = [...messages, ...continuations.flatMap((continuation) => continuation.messages)];
  await applyUpserts(
    tx,
    continuations.flatMap(({ upserts }) => upserts),
    now,
  );
  await insertTriggers(
    tx,
    shared,
    continuations.flatMap(({ triggers }) => triggers),
  );
  await insertMessages(
    tx,
    shared,
    allMessages.map((message) => ({
      message,
      recipientRun: getKnown(rowsById, message.recipient_run_id),
      workflowRun: trigger.row,
      trigger,
    })),
  );
  await recordStartedRuns(tx, trigger.run, newRuns, allMessages, now);
  return new Map(
    numbered.flatMap(([{ id }, row]) => {
      const decided = decidedRuns.get(row);
      return decided ? [[id, decided.decision] as const] : [];
    }),
  );
}

/** Records the events of new runs and messages, and begins the waits of runs, which do not wait for what is before them. */
async function recordStartedRuns(
  tx: Transaction,
  workflowRun: WorkflowRun,
  newRuns: readonly NewRun[],
  messages: readonly Message[],
  now: number,
): Promise<void> {
  const begun = newRuns.flatMap(({ row, run: { wait } }): BegunWait[] => (wait ? [{ row, wait, position: 1 }] : []));
  if (!tx.usesWaits && begun.length === 0) return;
  const messageEvents = await listMessageEvents(
    tx,
    messages.map((message) => ({ message, events: message.events })),
  );
  const entries: EventEntry[] = [
    ...messageEvents.map(({ occurred, message }) => ({ occurred, now: message.updated_at, position: 0 })),
    ...newRuns.flatMap(({ run }) =>
      buildRunEvents(workflowRun, run, { started: true }).map((occurred) => ({ occurred, now, position: 0 })),
    ),
  ];
  await processEvents(tx, entries, begun);
}
