import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";
import { readCsvRows } from "./csv-rows.js";

/** Columns that identify the user and the tenant. All other columns are data of that user. */
const ID_COLUMNS = ["id", "user_id", "recipient_id"];
const TENANT_COLUMNS = ["tenant_id", "tenant"];
/** Column names that have a different meaning in an inline user and cannot be text. */
const RESERVED_COLUMNS = ["collection", "preferences", "channel_data", "$trigger_data"];

/** A line of a CSV file of users. */
export interface CsvUser {
  id: string;
  tenant: string | null;
  /** The values of all other columns, as text. */
  columns: Record<string, string>;
}

/** A line without a valid user ID. */
interface SkippedLine {
  line: number;
  reason: string;
}

/**
 * Reads users from CSV (E-398, E-387). The first line contains the column names. `id` (or `user_id`, `recipient_id`)
 * and `tenant_id` (or `tenant`) identify the user; all other columns are text about the user. A line without a valid
 * ID, according to `describeInvalidId`, is skipped. Throws `invalid_params` if the text is not CSV or has no ID column.
 */
export async function parseUsersCsv(
  text: string,
  name: string,
  describeInvalidId: (id: string) => string | null,
): Promise<{ users: CsvUser[]; skipped: SkippedLine[] }> {
  const [head, ...rows] = await readRows(text, name);
  const names = head?.fields.map((field) => field.trim()) ?? [];
  const column = names.findIndex((columnName) => ID_COLUMNS.includes(columnName));
  if (column < 0)
    throw new KnockError("invalid_params", `${name}: no column is named "id"`, {
      hint: "The first line contains the column names: id, tenant_id (optional), and the names of data properties.",
    });
  const users: CsvUser[] = [];
  const skipped: SkippedLine[] = [];
  for (const { line, fields } of rows) {
    if (fields.length !== names.length)
      throw new KnockError(
        "invalid_params",
        `${name}:${line}: has ${fields.length} fields, the first line ${names.length}`,
      );
    const id = (fields[column] ?? "").trim();
    const problem = describeInvalidId(id);
    if (problem !== null) {
      skipped.push({ line, reason: id === "" ? "it has no ID" : `the ID ${JSON.stringify(id)} ${problem}` });
      continue;
    }
    const user: CsvUser = { id, tenant: null, columns: {} };
    for (const [index, field] of fields.entries()) {
      const key = names[index] ?? "";
      if (index === column || key === "") continue;
      if (!TENANT_COLUMNS.includes(key)) user.columns[key] = field;
      else if (field.trim() !== "") user.tenant ??= field.trim();
    }
    users.push(user);
  }
  return { users, skipped };
}

/** Returns all rows of a CSV text. Throws `invalid_params` for the first one that cannot be read. */
async function readRows(text: string, name: string): Promise<{ line: number; fields: string[] }[]> {
  const rows: { line: number; fields: string[] }[] = [];
  for await (const row of readCsvRows([Buffer.from(text)])) {
    if ("fields" in row) rows.push(row);
    else
      throw new KnockError("invalid_params", `${name}:${row.line}: the row ${row.error}`, {
        hint: 'Enclose a field with quotes, commas or line breaks in quotes, and double its own quotes: "say ""hi""".',
      });
  }
  return rows;
}

/** Returns the users as recipients of a broadcast, with their other columns as the recipient's data. */
export function toBroadcastRecipients(users: readonly CsvUser[]): Json[] {
  return users.map(({ id, tenant, columns }): JsonObject => {
    const recipient: JsonObject = tenant === null ? { id } : { id, tenant };
    return Object.keys(columns).length === 0 ? recipient : { ...recipient, data: columns };
  });
}

/**
 * Returns the user as an inline recipient. Empty columns and columns whose names have a different meaning in the API
 * are left out.
 */
export function toInlineUser({ id, columns }: CsvUser): JsonObject {
  const properties = Object.entries(columns).filter(
    ([name, value]) => !RESERVED_COLUMNS.includes(name) && value !== "",
  );
  return { ...Object.fromEntries(properties), id };
}
