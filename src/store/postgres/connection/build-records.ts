/**
 * Returns a source of a statement: the records of the JSON list $1, as `c`. `types` are the names of their columns with their types,
 * and `c.n` is the position in the list.
 */
export function buildRecords(types: string): string {
  const names = types.split(", ").map((column) => column.slice(0, column.lastIndexOf(" ")));
  return `ROWS FROM (json_to_recordset($1::json) AS (${types})) WITH ORDINALITY AS c (${names.join(", ")}, n)`;
}
