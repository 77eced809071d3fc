import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import { stringify } from "../../rows/json-column.js";
import { buildRecords } from "../connection/build-records.js";
import type { Transaction } from "../connection/transaction.js";

/** A row of `outbound_events`. */
interface OutboundColumns {
  message?: string;
  recipient_run?: string;
  first?: number;
  last?: number;
  type?: string;
  at?: number;
}

const INSERT = `
  INSERT INTO outbound_events (message, recipient_run, first, last, type, at)
  SELECT c.message, c.recipient_run, c.first, c.last, c.type, c.at
  FROM ${buildRecords("message text, recipient_run text, first integer, last integer, type text, at bigint")} ORDER BY c.n`;

async function insertEvents(tx: Transaction, events: readonly OutboundColumns[]): Promise<void> {
  if (events.length > 0) await tx.run(INSERT, stringify(events));
}

/** Records events of messages for webhooks: those from index `first` to before index `last`. Does nothing without webhooks. */
export async function recordOutboundMessages(
  tx: Transaction,
  changes: readonly { message: string; first: number; last: number }[],
): Promise<void> {
  if (!tx.isWatched) return;
  await insertEvents(
    tx,
    changes.filter(({ first, last }) => last > first),
  );
}

/** A run that was inserted or changed. `before` is null for a new run. */
interface RunChange {
  before: Pick<RecipientRun, "status" | "error_count"> | null;
  after: RecipientRun;
}

function listRunEvents({ before, after }: RunChange): OutboundColumns[] {
  const { id: recipient_run, status, error_count, inserted_at, updated_at } = after;
  const events: OutboundColumns[] = [];
  if (before === null) events.push({ recipient_run, type: "started", at: inserted_at });
  if (error_count > (before?.error_count ?? 0)) events.push({ recipient_run, type: "error", at: updated_at });
  if (status === "completed" && before?.status !== "completed")
    events.push({ recipient_run, type: "completed", at: updated_at });
  return events;
}

/** Records the events of new and changed runs for webhooks. Does nothing without webhooks. */
export async function recordOutboundRuns(tx: Transaction, changes: readonly RunChange[]): Promise<void> {
  if (tx.isWatched) await insertEvents(tx, changes.flatMap(listRunEvents));
}
