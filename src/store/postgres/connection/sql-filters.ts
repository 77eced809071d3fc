import type { Json } from "../../../util/json.js";
import { BaseFilters, listCases, MAX_COMPARED_CHARACTERS } from "../../rows/base-filters.js";
import { stringify } from "../../rows/json-column.js";
import type { SqlValue } from "./transaction.js";

const REPLACEMENT = "\ufffd";

/** Returns a regular expression with both cases of a letter, because the database folds the case of ASCII only. */
function buildAnyCase(sign: string): string {
  const forms = listCases(sign);
  if (forms.length > 1) return `[${forms.join("")}]`;
  return /[a-z0-9]/i.test(sign) || sign > "\u007f" ? sign : `\\${sign}`;
}

/**
 * Returns the JSON of a text column as SQL. The database cannot decode NUL and halves of surrogate pairs, which rows of earlier
 * versions contain: they become the replacement character. Meanwhile, a control character, which JSON texts never contain, stands
 * for each escaped backslash.
 */
export function buildJson(column: string): string {
  const withoutBackslashes = String.raw`replace(${column}, '\\', E'\x01')`;
  const readable = String.raw`regexp_replace(${withoutBackslashes}, '\\u(0000|d[89a-f][0-9a-f]{2})', '${REPLACEMENT}', 'g')`;
  return String.raw`(CASE WHEN strpos(${column}, '\u') > 0 THEN replace(${readable}, E'\x01', '\\') ELSE ${column} END)::json`;
}

/** Conditions of a list in PostgreSQL, with `$1` and so on for their values. */
export class SqlFilters extends BaseFilters<SqlValue> {
  protected override readonly sign = "$";

  /** Adds a condition that any of the values matches. Adds nothing if there is no list. */
  addAny(column: string, values: readonly string[] | undefined): this {
    return this.add(`${column} = ANY(?::text[])`, values);
  }

  protected override buildPair(column: string, key: string, value: Json): string {
    const name = this.bind(key);
    // All JSON in the database is written by `stringify`, so that equal values have equal texts.
    const equal =
      typeof value === "string"
        ? `json_typeof(d.value) = 'string' AND left(d.value #>> '{}', ${MAX_COMPARED_CHARACTERS}) = left(${this.bind(value)}, ${MAX_COMPARED_CHARACTERS})`
        : `d.value::text = ${this.bind(stringify(value))}`;
    return `EXISTS (SELECT 1 FROM json_each(${buildJson(column)}) d WHERE d.key = ${name} AND ${equal})`;
  }

  protected override buildMatch(escaped: string, isAscii: boolean): (column: string) => string {
    const part = this.bind(isAscii ? escaped.toLowerCase() : [...escaped].map(buildAnyCase).join(""));
    return (column) => (isAscii ? `strpos(lower(${column} COLLATE "C"), ${part}) > 0` : `${column} ~ ${part}`);
  }
}
