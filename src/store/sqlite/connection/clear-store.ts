import type { Connection } from "./connection.js";

/**
 * Tables that contain runs, messages and what belongs to them. Workflow versions, channels and the sources of templates
 * are kept: they are identified by their content, and they are visible only through runs.
 */
const RUN_TABLES = [
  "signals",
  "waits",
  "batch_activities",
  "batches",
  "delivery_logs",
  "message_secrets",
  "messages",
  "recipient_runs",
  "workflow_runs",
  "schedules",
  "idempotency_keys",
  "frequency_claims",
  "throttle_passes",
  "throttles",
  "user_changes",
];

const RECIPIENT_TABLES = ["recipients", "subscriptions", "audience_members", "audiences", "seeds"];

/** Deletes runs, messages and schedules, and also recipients unless `keepRecipients` is set. The clock is kept. */
export function clearStore(db: Connection, { keepRecipients }: { keepRecipients: boolean }): void {
  db.write(() => {
    for (const table of keepRecipients ? RUN_TABLES : [...RUN_TABLES, ...RECIPIENT_TABLES])
      db.run(`DELETE FROM ${table}`);
  });
}
