import type { Message, MessageEvent } from "../../domain/message.js";
import type { SavedAdvance } from "../../ports/store.js";
import { mergedEvents } from "../merged-events.js";
import type { Connection } from "./connection.js";
import { packMessageEvents, unpackMessageEvents } from "./event-codec.js";
import { messageInserter } from "./message-rows.js";
import { changesOf, json, RECIPIENT_RUN_CHANGES } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

const SAVE_MESSAGE =
  "UPDATE messages SET status = ?, due_at = ?, scheduled_at = ?, attempts = ?, metadata = ?, events = ?, updated_at = ?, claim_token = NULL, claim_until = NULL WHERE row = ?";

/** Only rows that still hold the token: a run cancelled, or claimed by another after the lease ended, is not overwritten. */
export function saveAdvances(
  db: Connection,
  shared: SharedRows,
  advances: readonly SavedAdvance[],
  token: string,
): Set<string> {
  return db.write(() => {
    const saved = new Set<string>();
    const select = db.statement("SELECT row, workflow_run FROM recipient_runs WHERE id = ? AND claim_token = ?");
    const update = db.statement(`UPDATE recipient_runs SET ${RECIPIENT_RUN_CHANGES} WHERE row = ?`);
    const selectData = db.statement("SELECT data FROM workflow_runs WHERE row = ?");
    const insertMessage = messageInserter(db, shared);
    const dataTexts = new Map<number, string>();
    for (const { recipientRun, messages } of advances) {
      const held = select.get(recipientRun.id, token) as { row: number; workflow_run: number } | undefined;
      if (held === undefined) continue;
      update.run(...changesOf(recipientRun), held.row);
      saved.add(recipientRun.id);
      for (const message of messages) {
        let text = dataTexts.get(held.workflow_run);
        if (text === undefined) {
          text = (selectData.get(held.workflow_run) as { data: string }).data;
          dataTexts.set(held.workflow_run, text);
        }
        insertMessage(message, held.row, { value: null, text });
      }
    }
    return saved;
  });
}

export function saveMessages(db: Connection, messages: readonly Message[], token: string): Set<string> {
  return db.write(() => {
    const saved = new Set<string>();
    const select = db.statement("SELECT row, events, inserted_at FROM messages WHERE id = ? AND claim_token = ?");
    const update = db.statement(SAVE_MESSAGE);
    for (const message of messages) {
      const held = select.get(message.id, token) as { row: number; events: string; inserted_at: number } | undefined;
      if (held === undefined) continue;
      const events: MessageEvent[] = mergedEvents(unpackMessageEvents(held.events, held.inserted_at), message.events);
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
      saved.add(message.id);
    }
    return saved;
  });
}
