import { withClient } from "./postgres-server.js";

/** Makes the tables of a store those of the first version. */
export const TO_FIRST_VERSION = [
  "ALTER TABLE batches RENAME COLUMN waiting_run TO holder",
  "ALTER TABLE outbound_watch RENAME COLUMN claim_token TO holder",
  "ALTER TABLE outbound_watch RENAME COLUMN claim_until TO held_until",
  "ALTER TABLE source_events RENAME COLUMN claim_until TO in_hand_until",
  "UPDATE source_events SET state = 'in_hand' WHERE state = 'processing'",
  "DROP TABLE partitions, crash_mark, delayed_jobs, crashed_claims, call_counts, kept_results, unidentified_recipients",
  "DROP INDEX block_values_by_block, schedules_by_workflow, frequency_claims_by_recipient",
  "DROP INDEX messages_by_time, recipient_runs_by_time, messages_interacted, messages_clicked, messages_archived, recipient_runs_with_errors, recipient_runs_unfinished",
  "CREATE INDEX subscriptions_by_recipient ON subscriptions (recipient)",
  "DROP INDEX subscriptions_of_recipient",
  "ALTER TABLE recipients DROP COLUMN preference_origins",
  "ALTER TABLE seeds DROP COLUMN stamp",
  "ALTER TABLE workers DROP COLUMN kind, DROP COLUMN pid, DROP COLUMN project, DROP COLUMN names",
  "ALTER TABLE knock_store DROP COLUMN oldest_version",
  "DELETE FROM secrets WHERE name = 'unsigned-links-until'",
  "UPDATE knock_store SET version = 1",
].join("; ");

const SELECT_TABLES = `
  SELECT c.relkind, c.oid::regclass::text AS name, string_agg(a.attname, ',' ORDER BY a.attnum) AS columns
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  WHERE c.relnamespace IN (to_regnamespace('public'), to_regnamespace('graphile_worker'))
  GROUP BY c.oid ORDER BY 2`;

/** Returns the tables, indexes and sequences of a database with their columns, to find out whether any was changed. */
export async function readTables(location: string): Promise<unknown[]> {
  return (await withClient(location, (client) => client.query(SELECT_TABLES))).rows;
}
