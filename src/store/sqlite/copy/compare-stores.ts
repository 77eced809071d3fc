import { pathToFileURL } from "node:url";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { type Database, openDatabase, selectOne } from "../connection/driver.js";
import { translateError } from "../connection/store-errors.js";

type Change = "added" | "changed" | "removed";

/** The rows of a kind that differ. `rows` are the first of them, in the order of the tables. */
export interface KindDifference<Row> {
  added: number;
  changed: number;
  removed: number;
  rows: readonly Readonly<Row & { change: Change }>[];
}

/** JSON texts of a recipient before and after. Both are null on the side where there is no such recipient. */
interface RecipientChange {
  key: RecipientKey;
  before: string | null;
  after: string | null;
  channel_data_before: string | null;
  channel_data_after: string | null;
}

interface PreferencesChange {
  key: RecipientKey;
  before: string | null;
  after: string | null;
}

interface RunChange {
  id: string;
  workflow: string;
  recipient: RecipientKey;
  before: string | null;
  after: string | null;
}

interface MessageChange extends RunChange {
  step: string;
  channel: string;
}

interface StoreDifference {
  recipients: KindDifference<RecipientChange>;
  preferences: KindDifference<PreferencesChange>;
  runs: KindDifference<RunChange>;
  messages: KindDifference<MessageChange>;
}

/** How rows of a kind are compared. In the texts, `o` is a row of the old store and `n` one of the new store. */
interface Comparison {
  table: string;
  /** Whether two rows are the same item. It must use an index of both tables. */
  isSame: string;
  differs: string;
  /** Which rows are compared: the condition for a row `r` (default: all). */
  condition?: string;
  /** The columns of the result, where `o` and `n` may have no row. */
  columns: string;
}

/** Returns the status of a message with its engagement, such as `delivered seen read`. */
const formatMessageStatus = (row: string): string => `
  ${row}.status || iif(${row}.seen_at IS NULL, '', ' seen') || iif(${row}.read_at IS NULL, '', ' read')
    || iif(${row}.interacted_at IS NULL, '', ' interacted') || iif(${row}.link_clicked_at IS NULL, '', ' link_clicked')
    || iif(${row}.archived_at IS NULL, '', ' archived')`;

const selectWorkflow = (schema: "old" | "new", run: string): string =>
  `(SELECT w.workflow FROM ${schema}.workflow_runs w WHERE w.row = ${run})`;

const selectRunOfMessage = (schema: "old" | "new", row: string): string =>
  `(SELECT r.workflow_run FROM ${schema}.recipient_runs r WHERE r.row = ${row}.recipient_run)`;

const selectChannel = (schema: "old" | "new", row: string): string =>
  `(SELECT c.key FROM ${schema}.channels c WHERE c.row = ${row}.channel)`;

const COMPARISONS: Readonly<Record<keyof StoreDifference, Comparison>> = {
  recipients: {
    table: "recipients",
    isSame: "o.key = n.key",
    differs: "o.properties <> n.properties OR o.channel_data IS NOT n.channel_data",
    columns: `COALESCE(n.key, o.key) AS key, o.properties AS before, n.properties AS after,
      o.channel_data AS channel_data_before, n.channel_data AS channel_data_after`,
  },
  preferences: {
    table: "recipients",
    isSame: "o.key = n.key AND o.preferences IS NOT NULL AND n.preferences IS NOT NULL",
    condition: "r.preferences IS NOT NULL",
    differs: "o.preferences <> n.preferences",
    columns: "COALESCE(n.key, o.key) AS key, o.preferences AS before, n.preferences AS after",
  },
  // A run keeps its row, and its ID is indexed only together with it.
  runs: {
    table: "recipient_runs",
    isSame: "o.row = n.row AND o.id = n.id",
    differs:
      "o.updated_at <> n.updated_at OR o.status <> n.status OR o.error_count <> n.error_count OR o.steps <> n.steps",
    columns: `COALESCE(n.id, o.id) AS id, COALESCE(n.recipient, o.recipient) AS recipient,
      COALESCE(${selectWorkflow("new", "n.workflow_run")}, ${selectWorkflow("old", "o.workflow_run")}) AS workflow,
      o.status AS before, n.status AS after`,
  },
  messages: {
    table: "messages",
    isSame: "o.id = n.id",
    differs: `o.updated_at <> n.updated_at OR o.content <> n.content OR o.events <> n.events
      OR ${formatMessageStatus("o")} <> ${formatMessageStatus("n")}`,
    columns: `COALESCE(n.id, o.id) AS id, COALESCE(n.recipient, o.recipient) AS recipient, COALESCE(n.step_ref, o.step_ref) AS step,
      COALESCE(${selectWorkflow("new", selectRunOfMessage("new", "n"))}, ${selectWorkflow("old", selectRunOfMessage("old", "o"))}) AS workflow,
      COALESCE(${selectChannel("new", "n")}, ${selectChannel("old", "o")}) AS channel,
      ${formatMessageStatus("o")} AS before, ${formatMessageStatus("n")} AS after`,
  },
};

/** Compares the rows of a kind. The database joins them, and at most `limit` rows are read. */
function compareKind<Row>(
  database: Database,
  { table, isSame, differs, columns, condition = "1" }: Comparison,
  limit: number,
): KindDifference<Row> {
  const filter = (row: string): string => condition.replaceAll("r.", `${row}.`);
  const [old, now] = [`old.${table} o`, `new.${table} n`];
  const parts: Record<Change, string> = {
    added: `FROM ${now} LEFT JOIN ${old} ON ${isSame} WHERE o.row IS NULL AND (${filter("n")})`,
    changed: `FROM ${now} JOIN ${old} ON ${isSame} WHERE (${differs})`,
    removed: `FROM ${old} LEFT JOIN ${now} ON ${isSame} WHERE n.row IS NULL AND (${filter("o")})`,
  };
  const rows: (Row & { change: Change })[] = [];
  const counts = { added: 0, changed: 0, removed: 0 };
  for (const change of ["added", "changed", "removed"] as const) {
    counts[change] = selectOne<{ count: number }>(database, `SELECT COUNT(*) AS count ${parts[change]}`).count;
    const order = change === "removed" ? "o.row" : "n.row";
    const found = database
      .prepare<Row & { change: Change }>(
        `SELECT '${change}' AS change, ${columns} ${parts[change]} ORDER BY ${order} LIMIT ?`,
      )
      .all(limit - rows.length);
    rows.push(...found);
  }
  return { ...counts, rows };
}

/** A store to compare. No process writes to a snapshot. */
interface ComparedStore {
  path: string;
  isSnapshot: boolean;
}

const toAddress = ({ path, isSnapshot }: ComparedStore): string =>
  `${pathToFileURL(path).href}?${isSnapshot ? "immutable=1" : "mode=ro"}`.replaceAll("'", "''");

/**
 * Compares the recipients, preferences, runs and messages of two stores of this version, each as it is at one moment. Returns up to
 * `limit` differences of each kind. Throws `store_unusable`.
 */
export async function compareStores(
  before: ComparedStore,
  after: ComparedStore,
  limit: number,
): Promise<StoreDifference> {
  const database = await openDatabase(":memory:", { readOnly: false });
  try {
    database.exec(`ATTACH '${toAddress(before)}' AS old; ATTACH '${toAddress(after)}' AS new; BEGIN`);
    const compare = <Kind extends keyof StoreDifference>(kind: Kind): StoreDifference[Kind] =>
      compareKind(database, COMPARISONS[kind], limit) as StoreDifference[Kind];
    return {
      recipients: compare("recipients"),
      preferences: compare("preferences"),
      runs: compare("runs"),
      messages: compare("messages"),
    };
  } catch (error) {
    throw translateError(error, after.path);
  } finally {
    database.close();
  }
}
