import type { Message } from "../../../domain/message/message.js";
import { buildRunEvents } from "../../../domain/run/occurred-event.js";
import { isStillWaiting } from "../../../domain/run/run-wait.js";
import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import type { SavedAdvance } from "../../../ports/run-store.js";
import type { Transaction } from "../connection/transaction.js";
import type { DecidedRun } from "../run/batches.js";
import type { ClaimedRow } from "../run/claimed-rows.js";
import { readWorkflowRuns } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { type BegunWait, continueWaits, type EventEntry, listMessageEvents, processEvents } from "../run/waits.js";

/** An advance with the row of its run, and the decision if it is at a batch step. */
export interface PreparedAdvance {
  advance: SavedAdvance;
  claimed: ClaimedRow;
  decided: DecidedRun | null;
}

/** The state that a run is saved in. */
export const getRun = ({ advance, decided }: PreparedAdvance): RecipientRun =>
  decided ? decided.continuation.recipientRun : advance.recipientRun;

/** The messages that a saved advance made. */
export const listMessages = ({ advance, decided }: PreparedAdvance): Message[] => [
  ...advance.messages,
  ...(decided ? decided.continuation.messages : []),
];

/**
 * Records what the saved advances did for runs that wait for it, and begins their own waits. A run that starts to wait may wait
 * for an event of a later run.
 */
export async function recordAdvances(
  tx: Transaction,
  shared: SharedRows,
  saved: readonly PreparedAdvance[],
  now: number,
): Promise<void> {
  const begun = saved.flatMap((one, position): BegunWait[] => {
    const { wait } = getRun(one);
    return wait && !isStillWaiting(wait) ? [{ row: one.claimed.row, wait, position }] : [];
  });
  if (!tx.usesWaits && begun.length === 0) return;
  const workflowRuns = await readWorkflowRuns(
    tx,
    shared,
    saved.map(({ claimed }) => claimed.workflowRun),
  );
  const positions = new Map(saved.map((one, position) => [one.advance.recipientRun.id, position]));
  const messageEvents = await listMessageEvents(
    tx,
    saved.flatMap((one) => listMessages(one).map((message) => ({ message, events: message.events }))),
  );
  const entries: EventEntry[] = messageEvents.map(({ occurred, message }) => ({
    occurred,
    now: message.updated_at,
    position: positions.get(message.recipient_run_id) ?? 0,
  }));
  for (const [position, one] of saved.entries()) {
    const record = workflowRuns.get(one.claimed.workflowRun);
    if (record === undefined) continue;
    for (const occurred of buildRunEvents(record.run, getRun(one), { started: false }))
      entries.push({ occurred, now, position });
  }
  entries.sort((one, other) => one.position - other.position);
  await processEvents(tx, entries, begun);
  await continueWaits(
    tx,
    saved.flatMap((one) => {
      const { wait } = getRun(one);
      return wait && wait.seen !== null ? [{ row: one.claimed.row, seen: wait.seen }] : [];
    }),
    now,
  );
}
