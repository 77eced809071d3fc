/** A value of a row list. Texts must not be empty or contain control characters, as JSON and fixed words do not. */
type ListValue = string | number | boolean | null;

/** A column of a row list: its name and type in the statement, and its value for each item. */
export interface ListColumn<Item> {
  name: string;
  type: string;
  getValue(item: Item): ListValue;
}

const ROW_SEPARATOR = "\x1e";
const VALUE_SEPARATOR = "\x1f";

/**
 * Returns items as one text for {@link buildRowList}. PostgreSQL reads it in half of the time of a JSON list, whose keys are
 * repeated in each row.
 */
export function formatRowList<Item>(columns: readonly ListColumn<Item>[], items: readonly Item[]): string {
  let text = "";
  for (const [index, item] of items.entries()) {
    if (index > 0) text += ROW_SEPARATOR;
    for (let position = 0; position < columns.length; position++) {
      if (position > 0) text += VALUE_SEPARATOR;
      const value = (columns[position] as ListColumn<Item>).getValue(item);
      if (value !== null) text += value;
    }
  }
  return text;
}

/** Builds the source of a statement that reads the rows of a text. An empty value is NULL. */
export function buildRowList<Item>(columns: readonly ListColumn<Item>[], parameter: string): string {
  const values = columns.map(({ name, type }, index) => `v.list[${index + 1}]::${type} AS ${name}`);
  // `OFFSET 0` keeps the planner from splitting a line again for each of its values.
  return `(SELECT ${values.join(", ")} FROM (
    SELECT string_to_array(line, E'\\x1f', '') AS list FROM unnest(string_to_array(${parameter}, E'\\x1e')) AS line OFFSET 0
  ) v)`;
}
