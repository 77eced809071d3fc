import type { StoredRow, StoredTable, StoredValue } from "../../ports/store-tables.js";
import { isJsonObject } from "../../util/json.js";
import { DELIVERY_LOGS, MESSAGES } from "./message-row.js";
import { RECIPIENTS, SUBSCRIPTIONS } from "./recipient-row.js";
import { RECIPIENT_RUNS, WORKFLOW_RUNS } from "./run-row.js";
import { SCHEDULES } from "./schedule-row.js";
import type { Column } from "./table.js";
import { createListCheck, isText, isVersion, type ValueCheck } from "./value-checks.js";

/** A stored table with the checks of its columns. */
interface CheckedTable extends StoredTable {
  columnsByName: ReadonlyMap<string, Pick<Column, "check" | "values">>;
}

/**
 * Describes a table without items by its columns, the key of which is marked with `*`, and those with the row of a recipient run
 * with `>`. `checks` are those of JSON texts.
 */
function defineTable(name: string, text: string, checks: Readonly<Record<string, ValueCheck>> = {}): CheckedTable {
  const words = text.trim().split(/\s+/);
  const select = (sign: string) => words.filter((word) => word.includes(sign)).map(stripSigns);
  const columnsByName = new Map(
    Object.entries(checks).map(([column, check]) => [column, { check, values: undefined }]),
  );
  return { name, columns: words.map(stripSigns), key: select("*"), recipientRunRows: select(">"), columnsByName };
}

const stripSigns = (word: string): string => word.replace(/[*>]/g, "");

/**
 * The tables of a store in order of reference, with the columns that every kind of store has. Leases are left out, because
 * no process uses a store that is copied. Each kind of store derives its other columns from these.
 */
export const STORED_TABLES: readonly CheckedTable[] = [
  defineTable("seeds", "file* digest stamp applied_at"),
  defineTable("secrets", "name* value"),
  RECIPIENTS,
  SUBSCRIPTIONS,
  defineTable("audiences", "key* inserted_at"),
  defineTable("audience_members", "row* audience recipient tenant inserted_at"),
  defineTable("user_changes", "row* user audience tenant before after at depth"),
  defineTable("workflow_versions", "row* version_id definition", { definition: isVersion }),
  defineTable("channels", "row* id key type provider"),
  defineTable("template_sources", "row* texts", { texts: createListCheck(isText) }),
  WORKFLOW_RUNS,
  RECIPIENT_RUNS,
  defineTable("batches", "row* key open opened_at closes_at waiting_run> items"),
  defineTable("batch_activities", "row* batch recipient_run> actor data at removed"),
  defineTable("throttles", "key* ends_at passes"),
  defineTable("throttle_passes", "key* recipient_run_id* passed"),
  defineTable("waits", "recipient_run*> awaited recipient starts_at ends_at"),
  defineTable("signals", "row* recipient_run> event", { event: isJsonObject }),
  defineTable("idempotency_keys", "key* fingerprint workflow_run_id inserted_at"),
  defineTable("frequency_claims", "workflow* recipient* tenant*"),
  SCHEDULES,
  MESSAGES,
  defineTable("message_secrets", "message* secrets", { secrets: isJsonObject }),
  DELIVERY_LOGS,
  defineTable("source_events", "row* id source event_type key state at claim_until event actions"),
  defineTable("outbound_events", "row* message recipient_run first last type at document"),
  defineTable("outbound_taken", "event* webhook*"),
  // Last, because a row in it makes a store record the changes of the other tables.
  defineTable("outbound_watch", "row* claim_until keep_until"),
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
export function getKey(table: StoredTable, row: StoredRow): StoredValue[] {
  return table.key.map((column) => row[table.columns.indexOf(column)] ?? null);
}
