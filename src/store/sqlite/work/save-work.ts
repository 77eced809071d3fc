import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { mergeMessageEvents } from "../../../domain/message/merge-message-events.js";
import type { Message, MessageEvent } from "../../../domain/message/message.js";
import type { BatchDecision } from "../../../domain/run/batch.js";
import { isStillWaiting } from "../../../domain/run/run-wait.js";
import type { SavedAdvance, SavedResult } from "../../../ports/run-store.js";
import type { Connection } from "../connection/connection.js";
import { insertDeliveryLogs } from "../message/delivery-logs.js";
import { messageInserter } from "../message/message-rows.js";
import { saveSecrets } from "../message/message-secrets.js";
import { applyUpserts } from "../recipient/recipients.js";
import { decideBatch, type TriggerData, writeBatchChanges } from "../run/batches.js";
import { packMessageEvents, unpackMessageEvents } from "../run/event-codec.js";
import { changesOf, json, RECIPIENT_RUN_CHANGES, ROW_OF_RUN } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { dropWait, isAnyWaiting, recordMessageEvents, recordRunEvents, writeWait } from "../run/waits.js";
import { insertTriggers } from "./insert-workflow-run.js";

const SAVE_MESSAGE =
  "UPDATE messages SET status = ?, due_at = ?, scheduled_at = ?, attempts = ?, metadata = ?, events = ?, updated_at = ?, claim_token = NULL, claim_until = NULL WHERE row = ?";

/** Only rows that still hold the token: a run cancelled, or claimed by another after the lease ended, is not overwritten. */
export function saveAdvances(
  db: Connection,
  shared: SharedRows,
  advances: readonly SavedAdvance[],
  token: string,
  now: number,
): SavedResult {
  return db.write(() => {
    const saved = new Set<string>();
    const decided = new Map<string, BatchDecision>();
    const claimed = shared.takeClaim(token);
    const find = db.statement(`SELECT ${ROW_OF_RUN} AS row`);
    const rowOf = (id: string) => claimed?.get(id) ?? (find.get(id) as { row: number | null }).row;
    const rows = advances.map(({ recipientRun }) => rowOf(recipientRun.id));
    const stillHeld = new Map(
      db.lists<[row: number, workflow_run: number]>(
        "SELECT r.row, r.workflow_run FROM json_each(?) asked CROSS JOIN recipient_runs r ON r.row = asked.value WHERE r.claim_token = ?",
        JSON.stringify(rows),
        token,
      ),
    );
    const update = db.statement(`UPDATE recipient_runs SET ${RECIPIENT_RUN_CHANGES} WHERE row = ?`);
    const selectData = db.statement("SELECT data FROM workflow_runs WHERE row = ?");
    const insertMessage = messageInserter(db, shared);
    const dataTexts = new Map<number, string>();
    const triggerOf = (workflowRun: number): TriggerData => {
      let text = dataTexts.get(workflowRun);
      if (text === undefined) {
        text = (selectData.get(workflowRun) as { data: string }).data;
        dataTexts.set(workflowRun, text);
      }
      return { value: null, text };
    };
    // A run that begins to wait here may be what a later one of the chunk has an event for.
    let hasWaits = isAnyWaiting(db);
    for (const [place, { recipientRun, messages, batch: join, upserts, triggers, version }] of advances.entries()) {
      const row = rows[place] ?? -1;
      const workflowRun = stillHeld.get(row);
      if (workflowRun === undefined) continue;
      stillHeld.delete(row); // its claim ends with this
      const batch = join ? decideBatch(db, join, now) : null;
      const run = batch ? batch.continuation.recipientRun : recipientRun;
      if (hasWaits && !isStillWaiting(run.wait)) dropWait(db, row); // what it does from here on is nothing that it waited for
      update.run(...changesOf(run), row);
      saved.add(recipientRun.id);
      applyUpserts(db, upserts, now);
      insertTriggers(db, shared, triggers);
      if (version) db.run("UPDATE recipient_runs SET version = ? WHERE row = ?", shared.versionRow(version), row);
      let made = messages;
      if (batch) {
        const { continuation, decision, changes } = batch;
        applyUpserts(db, continuation.upserts, now);
        insertTriggers(db, shared, continuation.triggers);
        writeBatchChanges(db, changes, row, triggerOf(workflowRun), now);
        decided.set(recipientRun.id, decision);
        made = [...messages, ...continuation.messages];
      }
      for (const message of made) insertMessage(message, row, triggerOf(workflowRun));
      if (hasWaits) {
        recordMessageEvents(
          db,
          made.map((message) => ({ message, events: message.events })),
        );
        recordRunEvents(db, shared, [{ workflowRun, recipientRun: run, started: false }], now);
      }
      if (run.wait) {
        writeWait(db, row, run, now);
        hasWaits = true;
      }
    }
    return { saved, decided };
  });
}

/** Logs are kept whoever holds the message now: those requests were made. */
export function saveMessages(
  db: Connection,
  messages: readonly Message[],
  token: string,
  logs: readonly DeliveryLog[],
): Set<string> {
  return db.write(() => {
    const saved = new Set<string>();
    const changed: { message: Message; events: MessageEvent[] }[] = [];
    const select = db.statement("SELECT row, events, inserted_at FROM messages WHERE id = ? AND claim_token = ?");
    const update = db.statement(SAVE_MESSAGE);
    for (const message of messages) {
      const held = select.get(message.id, token) as { row: number; events: string; inserted_at: number } | undefined;
      if (held === undefined) continue;
      const before = unpackMessageEvents(held.events, held.inserted_at);
      const events: MessageEvent[] = mergeMessageEvents(before, message.events);
      changed.push({ message, events: events.slice(before.length) });
      update.run(
        message.status,
        message.due_at,
        message.scheduled_at,
        message.attempts,
        json(message.metadata),
        packMessageEvents(events, held.inserted_at),
        message.updated_at,
        held.row,
      );
      saveSecrets(db, message);
      saved.add(message.id);
    }
    recordMessageEvents(db, changed);
    if (logs.length > 0) insertDeliveryLogs(db, logs);
    return saved;
  });
}
