import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";

/** Columns whose values say who is meant; all others are that recipient's data. */
const ID = ["id", "user_id", "recipient_id"];

/** A field that begins with a quote goes on to the next quote that is not doubled, line breaks within (RFC 4180). */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/** The records of a CSV text, empty lines left out. */
function recordsOf(text: string, name: string): { line: number; fields: string[] }[] {
  const records: { line: number; fields: string[] }[] = [];
  let line = 1;
  let fields: string[] = [];
  let start = line;
  for (let at = 0; at < text.length || fields.length > 0; ) {
    FIELD.lastIndex = at;
    const match = FIELD.exec(text);
    if (match === null)
      throw new KnockError(
        "invalid_params",
        `${name}:${line}: not valid CSV: a quote inside a field, or one not closed`,
        {
          hint: 'A field with quotes, commas or line breaks stands in quotes, its own quotes doubled: "say ""hi""".',
        },
      );
    const [whole, quoted, plain = "", end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    at = FIELD.lastIndex;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: start, fields });
    [fields, start] = [[], line];
  }
  return records;
}

/**
 * A broadcast's recipients as CSV (E-398): a first line of names; `id` (or `user_id`, `recipient_id`) and `tenant` say who, all
 * other columns are the recipient's data, as text.
 */
export function parseRecipientsCsv(text: string, name: string): Json[] {
  const [head, ...rows] = recordsOf(text.replace(/^\uFEFF/, ""), name);
  const names = head?.fields.map((field) => field.trim()) ?? [];
  const column = names.findIndex((one) => ID.includes(one));
  if (column < 0)
    throw new KnockError("invalid_params", `${name}: no column is called "id"`, {
      hint: "The first line has the columns' names: id, tenant (if any), and the names of data.",
    });
  return rows.map(({ line, fields }): JsonObject => {
    if (fields.length !== names.length)
      throw new KnockError(
        "invalid_params",
        `${name}:${line}: has ${fields.length} fields, the first line ${names.length}`,
      );
    const recipient: JsonObject = { id: fields[column] as string };
    const data: JsonObject = {};
    for (const [index, field] of fields.entries()) {
      const key = names[index] as string;
      if (index === column || key === "") continue;
      if (key !== "tenant") data[key] = field;
      else if (field !== "") recipient.tenant = field;
    }
    return Object.keys(data).length === 0 ? recipient : { ...recipient, data };
  });
}
