import type { TimeBounds } from "../../../ports/filters.js";
import type { JsonObject } from "../../../util/json.js";
import { stringify } from "../../rows/json-column.js";
import type { SqlValue } from "./transaction.js";

/** Characters of a text in a trigger's data that a filter compares; the rest is ignored. */
const MAX_COMPARED_CHARACTERS = 256;

const REPLACEMENT = "\ufffd";

function isAsciiText(text: string): boolean {
  return [...text].every((sign) => sign < "\u0080");
}

/** Returns a regular expression with both cases of each letter, because the database folds the case of ASCII only. */
function buildAnyCasePattern(text: string): string {
  return [...text]
    .map((sign) => {
      const forms = [...new Set([sign, sign.toLowerCase(), sign.toUpperCase()])].filter(
        (form) => [...form].length === 1,
      );
      if (forms.length > 1) return `[${forms.join("")}]`;
      return /[a-z0-9]/i.test(sign) || sign > "\u007f" ? sign : `\\${sign}`;
    })
    .join("");
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

/** Conditions joined by AND, with `$1` and so on for their values. */
export class SqlFilters {
  readonly conditions: string[] = [];
  readonly values: SqlValue[] = [];

  /** Returns the placeholder for a value. */
  bind(value: SqlValue): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** Adds a condition, in which each `?` is the value. Adds nothing if the value is undefined. */
  add(condition: string, value: SqlValue | undefined): this {
    if (value !== undefined) this.conditions.push(condition.replaceAll("?", this.bind(value)));
    return this;
  }

  /** Adds a condition that any of the values matches. Adds nothing if there is no list. */
  addAny(column: string, values: readonly string[] | undefined): this {
    return this.add(`${column} = ANY(?::text[])`, values);
  }

  /** Adds a condition for each given bound of a time. */
  addBounds(column: string, { gt, gte, lt, lte }: TimeBounds = {}): this {
    return this.add(`${column} > ?`, gt).add(`${column} >= ?`, gte).add(`${column} < ?`, lt).add(`${column} <= ?`, lte);
  }

  /** Adds a condition for each pair at the top of a JSON column. Strings match by {@link MAX_COMPARED_CHARACTERS}. */
  addPairs(column: string, pairs: JsonObject | undefined): this {
    for (const [key, value] of Object.entries(pairs ?? {})) {
      const name = this.bind(key);
      // All JSON in the database is written by `stringify`, so that equal values have equal texts.
      const equal =
        typeof value === "string"
          ? `json_typeof(d.value) = 'string' AND left(d.value #>> '{}', ${MAX_COMPARED_CHARACTERS}) = left(${this.bind(value)}, ${MAX_COMPARED_CHARACTERS})`
          : `d.value::text = ${this.bind(stringify(value))}`;
      this.conditions.push(
        `EXISTS (SELECT 1 FROM json_each(${buildJson(column)}) d WHERE d.key = ${name} AND ${equal})`,
      );
    }
    return this;
  }

  /**
   * Adds a condition that a text is part of any of the columns, where JSON columns contain it escaped, or equals any of the
   * ids. ASCII letters match in either case.
   */
  addText(columns: readonly string[], ids: readonly string[], text: string | undefined): this {
    if (text === undefined) return this;
    const escaped = stringify(text).slice(1, -1);
    const isAscii = isAsciiText(escaped);
    const part = this.bind(isAscii ? escaped.toLowerCase() : buildAnyCasePattern(escaped));
    const buildMatch = (column: string): string =>
      isAscii ? `strpos(lower(${column} COLLATE "C"), ${part}) > 0` : `${column} ~ ${part}`;
    const id = this.bind(text);
    const matches = [...columns.map(buildMatch), ...ids.map((column) => `${column} = ${id}`)];
    this.conditions.push(`(${matches.join(" OR ")})`);
    return this;
  }
}
