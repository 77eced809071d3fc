import type { Message } from "../../domain/message.js";
import type { MessageFilter, Page, Paged } from "../../ports/store.js";
import type { Connection } from "./connection.js";
import { type MessageRow, messagesOf, SELECT_MESSAGES } from "./message-rows.js";
import { Filters, readPage } from "./read-page.js";
import type { SharedRows } from "./shared-rows.js";

const JOIN_RUN = " CROSS JOIN workflow_runs w ON w.row = r.workflow_run";
const FROM = `FROM messages m CROSS JOIN recipient_runs r ON r.row = m.recipient_run${JOIN_RUN}`;

export function listMessages(db: Connection, shared: SharedRows, filter: MessageFilter, page: Page): Paged<Message> {
  const filters = new Filters()
    .add("w.workflow = ?", filter.workflow)
    .add(
      "m.recipient_run IN (SELECT q.row FROM recipient_runs q WHERE q.workflow_run = (SELECT row FROM workflow_runs WHERE id = ?))",
      filter.workflow_run_id,
    )
    .add("m.recipient_run = (SELECT row FROM recipient_runs WHERE id = ?)", filter.recipient_run_id)
    .add("m.recipient = ?", filter.recipient)
    .add("m.channel IN (SELECT row FROM channels WHERE key = ? OR id = ?)", filter.channel, 2)
    .add("m.status = ?", filter.status)
    .add("w.tenant = ?", filter.tenant);
  return db.read(() => {
    const { rows, page_info } = readPage<MessageRow>(
      db,
      { kind: "messages", select: SELECT_MESSAGES + JOIN_RUN, from: FROM, key: "m.row", filters },
      page,
    );
    return { items: messagesOf(db, shared, rows), page_info };
  });
}
