import type { TimeBounds } from "../../ports/filters.js";
import type { Json, JsonObject } from "../../util/json.js";
import { stringify } from "./json-column.js";

/** Characters of a text in a trigger's data that a filter compares; the rest is ignored. */
export const MAX_COMPARED_CHARACTERS = 256;

/** Returns both cases of a letter, and other characters once. */
export function listCases(sign: string): string[] {
  const forms = new Set([sign, sign.toLowerCase(), sign.toUpperCase()]);
  return [...forms].filter((form) => [...form].length === 1);
}

/** Conditions joined by AND, with a sign and a number for each of their values: texts, numbers and what else a driver accepts. */
export abstract class BaseFilters<Other = never> {
  readonly conditions: string[] = [];
  readonly values: (string | number | Other)[] = [];

  /** The sign before the number of a value. */
  protected abstract readonly sign: string;
  /** Returns the condition that a JSON column contains a pair at its top. Strings match by {@link MAX_COMPARED_CHARACTERS}. */
  protected abstract buildPair(column: string, key: string, value: Json): string;
  /** Returns a function that builds the condition that a text is part of a column. ASCII letters match in either case. */
  protected abstract buildMatch(text: string, isAscii: boolean): (column: string) => string;

  /** Returns the placeholder for a value. */
  bind(value: string | number | Other): string {
    this.values.push(value);
    return `${this.sign}${this.values.length}`;
  }

  /** Adds a condition, in which each `?` is the value. Adds nothing if the value is undefined. */
  add(condition: string, value: string | number | Other | undefined): this {
    if (value !== undefined) this.conditions.push(condition.replaceAll("?", this.bind(value)));
    return this;
  }

  /** Adds a condition for each given bound of a time. */
  addBounds(column: string, { gt, gte, lt, lte }: TimeBounds = {}): this {
    const bounds = { ">": gt, ">=": gte, "<": lt, "<=": lte };
    for (const [operator, bound] of Object.entries(bounds)) this.add(`${column} ${operator} ?`, bound);
    return this;
  }

  /** Adds a condition for each pair at the top of a JSON column. */
  addPairs(column: string, pairs: JsonObject | undefined): this {
    for (const [key, value] of Object.entries(pairs ?? {})) this.conditions.push(this.buildPair(column, key, value));
    return this;
  }

  /**
   * Adds a condition that a text is part of any of the columns, where JSON columns contain it escaped, or equals any of the
   * ids.
   */
  addText(columns: readonly string[], ids: readonly string[], text: string | undefined): this {
    if (text === undefined) return this;
    const escaped = stringify(text).slice(1, -1);
    const buildMatch = this.buildMatch(
      escaped,
      [...escaped].every((sign) => sign < "\u0080"),
    );
    const id = ids.length === 0 ? "" : this.bind(text);
    const matches = [...columns.map(buildMatch), ...ids.map((column) => `${column} = ${id}`)];
    this.conditions.push(`(${matches.join(" OR ")})`);
    return this;
  }
}
