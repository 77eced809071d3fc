import type { Connection } from "./connection.js";

/** Versions and channels stay: they are known by their content, and nobody sees them without runs. */
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

/** Forgets what happened, and unless they are kept also the recipients; the clock stays as it is. */
export function clearStore(db: Connection, { keepRecipients }: { keepRecipients: boolean }): void {
  db.write(() => {
    for (const table of keepRecipients ? RUN_TABLES : [...RUN_TABLES, ...RECIPIENT_TABLES])
      db.run(`DELETE FROM ${table}`);
  });
}
