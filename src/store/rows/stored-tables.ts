import type { StoredTable } from "../../ports/store-tables.js";

/** Defines a table by its columns, the key of which is marked with `*`, and those with the row of a recipient run with `>`. */
function defineTable(name: string, text: string): StoredTable {
  const words = text.trim().split(/\s+/);
  const select = (sign: string) => words.filter((word) => word.includes(sign)).map(stripSigns);
  return { name, columns: words.map(stripSigns), key: select("*"), recipientRunRows: select(">") };
}

const stripSigns = (word: string): string => word.replace(/[*>]/g, "");

/**
 * The tables of a store in order of reference, with the columns that every kind of store has. Leases are left out, because
 * no process uses a store that is copied. Each kind of store derives its other columns from these.
 */
export const STORED_TABLES: readonly StoredTable[] = [
  defineTable("seeds", "file* digest stamp applied_at"),
  defineTable("secrets", "name* value"),
  defineTable("recipients", "row* key properties preferences channel_data inserted_at updated_at"),
  defineTable("subscriptions", "row* object recipient properties inserted_at updated_at"),
  defineTable("audiences", "key* inserted_at"),
  defineTable("audience_members", "row* audience recipient tenant inserted_at"),
  defineTable("user_changes", "row* user audience tenant before after at depth"),
  defineTable("workflow_versions", "row* version_id definition"),
  defineTable("channels", "row* id key type provider"),
  defineTable("template_sources", "row* texts"),
  defineTable(
    "workflow_runs",
    "row* id workflow version actor tenant data cancellation_key settings trigger_source unidentified inserted_at fan_out due_at guide",
  ),
  defineTable(
    "recipient_runs",
    "row*> id workflow_run recipient status due_at position data via reason error_count batch version inserted_at updated_at steps events",
  ),
  defineTable("batches", "row* key open opened_at closes_at holder> items"),
  defineTable("batch_activities", "row* batch recipient_run> actor data at removed"),
  defineTable("throttles", "key* ends_at passes"),
  defineTable("throttle_passes", "key* recipient_run_id* passed"),
  defineTable("waits", "recipient_run*> awaited recipient starts_at ends_at"),
  defineTable("signals", "row* recipient_run> event"),
  defineTable("idempotency_keys", "key* fingerprint workflow_run_id inserted_at"),
  defineTable("frequency_claims", "workflow* recipient* tenant*"),
  defineTable(
    "schedules",
    "row* id workflow recipient actor tenant data repeats scheduled_at ending_at due_at last_occurrence_at inserted_at updated_at",
  ),
  defineTable(
    "messages",
    "row* id recipient_run> recipient channel step_ref status due_at scheduled_at attempts seen_at read_at interacted_at link_clicked_at archived_at inserted_at updated_at recipient_snapshot metadata data events content template_sources batch guide links",
  ),
  defineTable("message_secrets", "message* secrets"),
  defineTable("delivery_logs", "row* message id service request response at"),
  defineTable("source_events", "row* id source event_type key state at in_hand_until event actions"),
  defineTable("outbound_events", "row* message recipient_run first last type at document"),
  defineTable("outbound_taken", "event* webhook*"),
  // Last, because a row in it makes a store record the changes of the other tables.
  defineTable("outbound_watch", "row* held_until keep_until"),
];

/** The rows that are read at once. */
export const READ_ROWS = 2_000;

const quote = (column: string): string => `"${column}"`;

/** Returns the columns of a table for a statement, quoted, because some are words of SQL. */
export function formatColumns(columns: readonly string[]): string {
  return columns.map(quote).join(", ");
}

/**
 * Returns the statement that selects the next rows of a table after those with the key that is bound. The first rows come after
 * no key. `bind` returns the placeholder of a parameter by its position.
 */
export function formatSelectNext(table: StoredTable, isFirst: boolean, bind: (position: number) => string): string {
  const key = formatColumns(table.key);
  const values = table.key.map((_, index) => bind(index + 1)).join(", ");
  const after = isFirst ? "" : ` WHERE (${key}) > (${values})`;
  return `SELECT ${formatColumns(table.columns)} FROM ${table.name}${after} ORDER BY ${key} LIMIT ${READ_ROWS}`;
}

/** Returns the key of a row. */
export function getKey(table: StoredTable, row: readonly (string | number | null)[]): (string | number)[] {
  return table.key.map((column) => row[table.columns.indexOf(column)] as string | number);
}
