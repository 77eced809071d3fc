import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";

/** Columns whose values say who is meant; all others are that recipient's data. */
const ID_COLUMNS = ["id", "user_id", "recipient_id"];
const TENANT_COLUMNS = ["tenant_id", "tenant"];
/** Of an inline user these are no properties, and no text. */
const RESERVED_COLUMNS = ["collection", "preferences", "channel_data", "$trigger_data"];

/** A field that begins with a quote goes on to the next quote that is not doubled, line breaks within (RFC 4180). */
const CSV_FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/** The records of a CSV text, empty lines left out. */
function parseRecords(text: string, name: string): { line: number; fields: string[] }[] {
  const records: { line: number; fields: string[] }[] = [];
  let line = 1;
  let fields: string[] = [];
  let start = line;
  for (let at = 0; at < text.length || fields.length > 0; ) {
    CSV_FIELD.lastIndex = at;
    const match = CSV_FIELD.exec(text);
    if (match === null)
      throw new KnockError(
        "invalid_params",
        `${name}:${line}: not valid CSV: a quote inside a field, or one not closed`,
        {
          hint: 'Enclose a field with quotes, commas or line breaks in quotes, and double its own quotes: "say ""hi""".',
        },
      );
    const [field, quoted, plain = "", end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += field.match(/\r\n|\n|\r/g)?.length ?? 0;
    at = CSV_FIELD.lastIndex;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: start, fields });
    [fields, start] = [[], line];
  }
  return records;
}

/** A line of a CSV file of users. */
export interface CsvUser {
  id: string;
  tenant: string | null;
  /** All other columns, as text. */
  columns: Record<string, string>;
}

/** A line that names nobody. */
interface SkippedLine {
  line: number;
  reason: string;
}

/**
 * Reads users from CSV (E-398, E-387): a first line of names; `id` (or `user_id`, `recipient_id`) and `tenant_id` (or `tenant`) say
 * who, all other columns are text about the user. A line without a valid ID, in which `idFault` finds nothing, is skipped. Throws `invalid_params` for what is not CSV, or
 * has no column of IDs.
 */
export function parseUsersCsv(
  text: string,
  name: string,
  describeInvalidId: (id: string) => string | null,
): { users: CsvUser[]; skipped: SkippedLine[] } {
  const [head, ...rows] = parseRecords(text.replace(/^\uFEFF/, ""), name);
  const names = head?.fields.map((field) => field.trim()) ?? [];
  const column = names.findIndex((columnName) => ID_COLUMNS.includes(columnName));
  if (column < 0)
    throw new KnockError("invalid_params", `${name}: no column is called "id"`, {
      hint: "The first line has the columns' names: id, tenant_id (if any), and the names of data.",
    });
  const users: CsvUser[] = [];
  const skipped: SkippedLine[] = [];
  for (const { line, fields } of rows) {
    if (fields.length !== names.length)
      throw new KnockError(
        "invalid_params",
        `${name}:${line}: has ${fields.length} fields, the first line ${names.length}`,
      );
    const id = (fields[column] as string).trim();
    const fault = describeInvalidId(id);
    if (fault !== null) {
      skipped.push({ line, reason: id === "" ? "it has no ID" : `the ID ${JSON.stringify(id)} ${fault}` });
      continue;
    }
    const user: CsvUser = { id, tenant: null, columns: {} };
    for (const [index, field] of fields.entries()) {
      const key = names[index] as string;
      if (index === column || key === "") continue;
      if (!TENANT_COLUMNS.includes(key)) user.columns[key] = field;
      else if (field.trim() !== "") user.tenant ??= field.trim();
    }
    users.push(user);
  }
  return { users, skipped };
}

/** What a broadcast takes of users from CSV: their columns are the recipient's data. */
export function toBroadcastRecipients(users: readonly CsvUser[]): Json[] {
  return users.map(({ id, tenant, columns }): JsonObject => {
    const recipient: JsonObject = tenant === null ? { id } : { id, tenant };
    return Object.keys(columns).length === 0 ? recipient : { ...recipient, data: columns };
  });
}

/** The user as the API identifies it. Columns whose names have another meaning there are left out, and empty ones say nothing. */
export function toInlineUser({ id, columns }: CsvUser): JsonObject {
  const properties = Object.entries(columns).filter(
    ([name, value]) => !RESERVED_COLUMNS.includes(name) && value !== "",
  );
  return { ...Object.fromEntries(properties), id };
}
