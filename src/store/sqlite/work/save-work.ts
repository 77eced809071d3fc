import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { mergeMessageEvents } from "../../../domain/message/merge-message-events.js";
import type { Message, MessageEvent } from "../../../domain/message/message.js";
import type { BatchDecision } from "../../../domain/run/batch-continuations.js";
import { isStillWaiting } from "../../../domain/run/run-wait.js";
import type { ClockSetting } from "../../../ports/clock-store.js";
import type { SavedMessages } from "../../../ports/message-store.js";
import type { SaveAdvancesResult, SavedAdvance } from "../../../ports/run-store.js";
import { unpackMessageEvents } from "../../rows/event-codec.js";
import { stringify } from "../../rows/json-column.js";
import { DELIVERED_FIELDS, type MessageRow } from "../../rows/message-row.js";
import type { TriggerData } from "../../rows/run-row.js";
import { encodeFields, listColumns } from "../../rows/table.js";
import { writeClockRow } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import { createMessageInserter, insertDeliveryLogs, saveSecrets } from "../message/message-rows.js";
import { applyUpserts } from "../recipient/recipients.js";
import { decideBatchFromRows, writeBatchChanges } from "../run/batches.js";
import { RUN_ROW_BY_ID, updateRecipientRun } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { deleteWait, hasAnyWait, recordMessageEvents, recordRunEvents, writeWait } from "../run/waits.js";
import { insertTriggers } from "./insert-workflow-run.js";

const SAVE_MESSAGE = `UPDATE messages SET ${listColumns(DELIVERED_FIELDS, (name) => `${name} = ?`)}, claim_token = NULL, claim_until = NULL WHERE row = ?`;

/** Releases the runs of a claim that were not advanced. */
function releaseRuns(db: Connection, rows: readonly number[], token: string): void {
  db.run(
    "UPDATE recipient_runs SET claim_token = NULL, claim_until = NULL WHERE row IN (SELECT value FROM json_each(?)) AND claim_token = ?",
    stringify(rows),
    token,
  );
}

/**
 * Saves advances of runs that still have the claim's token, and releases the other runs of the claim unless it is kept. A run that was canceled,
 * or claimed by another worker after the lease ended, is not overwritten.
 */
export function saveAdvances(
  db: Connection,
  shared: SharedRows,
  advances: readonly SavedAdvance[],
  token: string,
  now: number,
  { clock, keepsClaim = false }: { clock?: ClockSetting | undefined; keepsClaim?: boolean } = {},
): SaveAdvancesResult {
  const { result, caused } = db.writeAndCollect(() => {
    if (clock) writeClockRow(db, clock);
    const saved = new Set<string>();
    const decided = new Map<string, BatchDecision>();
    const claimed = keepsClaim ? undefined : shared.removeClaimRows(token);
    const findRunRow = `SELECT ${RUN_ROW_BY_ID} AS row`;
    const getRunRow = (id: string) => claimed?.get(id) ?? db.getOne<{ row: number | null }>(findRunRow, id).row;
    const rows = advances.map(({ recipientRun }) => getRunRow(recipientRun.id));
    const claimedRows = new Map(
      db.allLists<[row: number, workflow_run: number]>(
        "SELECT r.row, r.workflow_run FROM json_each(?) asked CROSS JOIN recipient_runs r ON r.row = asked.value WHERE r.claim_token = ?",
        stringify(rows),
        token,
      ),
    );
    const selectData = "SELECT data FROM workflow_runs WHERE row = ?";
    const insertMessage = createMessageInserter(db, shared);
    const dataTexts = new Map<number, string>();
    const readTriggerData = (workflowRun: number): TriggerData => {
      let text = dataTexts.get(workflowRun);
      if (text === undefined) {
        text = db.getOne<{ data: string }>(selectData, workflowRun).data;
        dataTexts.set(workflowRun, text);
      }
      return { value: null, text };
    };
    // A run that starts to wait here may wait for an event of a later run in `advances`.
    let hasWaits = hasAnyWait(db);
    for (const [index, { recipientRun, messages, batch: join, upserts, triggers, version }] of advances.entries()) {
      const row = rows[index] ?? -1;
      const workflowRun = claimedRows.get(row);
      if (workflowRun === undefined) continue;
      claimedRows.delete(row); // saving ends the claim
      const batch = join ? decideBatchFromRows(db, join, now) : null;
      const run = batch ? batch.continuation.recipientRun : recipientRun;
      if (hasWaits && !isStillWaiting(run.wait)) deleteWait(db, row); // it did not wait for what it does from here on
      updateRecipientRun(db, run, row);
      saved.add(recipientRun.id);
      applyUpserts(db, upserts, now);
      insertTriggers(db, shared, triggers);
      if (version) db.run("UPDATE recipient_runs SET version = ? WHERE row = ?", shared.upsertVersion(version), row);
      let newMessages = messages;
      if (batch) {
        const { continuation, decision, changes } = batch;
        applyUpserts(db, continuation.upserts, now);
        insertTriggers(db, shared, continuation.triggers);
        writeBatchChanges(db, changes, row, readTriggerData(workflowRun), now);
        decided.set(recipientRun.id, decision);
        newMessages = [...messages, ...continuation.messages];
      }
      for (const message of newMessages) insertMessage(message, row, readTriggerData(workflowRun));
      if (hasWaits) {
        recordMessageEvents(
          db,
          newMessages.map((message) => ({ message, events: message.events })),
        );
        recordRunEvents(db, shared, [{ workflowRun, recipientRun: run, started: false }], now);
      }
      if (run.wait) {
        writeWait(db, row, run, now);
        hasWaits = true;
      }
    }
    if (claimed !== undefined && claimed.size > advances.length) {
      for (const { recipientRun } of advances) claimed.delete(recipientRun.id);
      releaseRuns(db, [...claimed.values()], token);
    }
    return { saved, batchDecisions: decided };
  });
  return { ...result, caused };
}

/**
 * Saves messages that still have the claim's token, and returns their ids. Logs are stored for all messages, because their
 * requests were sent.
 */
export function saveMessages(
  db: Connection,
  messages: readonly Message[],
  token: string,
  logs: readonly DeliveryLog[] = [],
): SavedMessages {
  const { result: saved, caused } = db.writeAndCollect(() => {
    const savedIds = new Set<string>();
    const changed: { message: Message; events: MessageEvent[] }[] = [];
    const select = db.prepare<Pick<MessageRow, "row" | "events" | "inserted_at">>(
      "SELECT row, events, inserted_at FROM messages WHERE id = ? AND claim_token = ?",
    );
    const update = db.prepare(SAVE_MESSAGE);
    for (const message of messages) {
      const stored = select.get(message.id, token);
      if (stored === undefined) continue;
      const before = unpackMessageEvents(stored.events, stored.inserted_at);
      const events: MessageEvent[] = mergeMessageEvents(before, message.events);
      changed.push({ message, events: events.slice(before.length) });
      update.run(...encodeFields(DELIVERED_FIELDS, { ...message, events }), stored.row);
      saveSecrets(db, message);
      savedIds.add(message.id);
    }
    recordMessageEvents(db, changed);
    if (logs.length > 0) insertDeliveryLogs(db, logs);
    return savedIds;
  });
  return { saved, caused };
}
