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

/** Returns the statements that empty a store. `ownTables` are other tables about runs, which only this kind of store has. */
export function listClearStatements(keepRecipients: boolean, ownTables: readonly string[] = []): string[] {
  const tables = [...RUN_TABLES, ...ownTables, ...(keepRecipients ? [] : RECIPIENT_TABLES)];
  // The schedules are gone, so their files are applied again.
  return [...tables.map((table) => `DELETE FROM ${table}`), "DELETE FROM seeds WHERE file LIKE 'schedules/%'"];
}
