import { PAGE_LIMITS } from "../../../domain/page/page-bytes.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { Json } from "../../../util/json.js";
import { arrangePage, type BaseListQuery, type PageEnd, type PageRange, planPage } from "../../cursor.js";
import { BaseFilters, listCases, MAX_COMPARED_CHARACTERS } from "../../rows/base-filters.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "./connection.js";

/** Returns the condition that a column refers to a name of a workflow or tenant. */
export const isName = (column: string): string => `${column} = (SELECT row FROM names WHERE name = ?)`;

/** Returns the condition that a column refers to any name of a JSON list. */
export const isAnyName = (column: string): string =>
  `${column} IN (SELECT row FROM names WHERE name IN (SELECT value FROM json_each(?)))`;

/** Conditions of a list in SQLite, with `?1` and so on for their values. */
export class SqlFilters extends BaseFilters<null> {
  protected override readonly sign = "?";

  /** Adds a condition that any of the values matches. Adds nothing if there is no list. */
  addAny(column: string, values: readonly (string | number)[] | undefined): this {
    if (values?.length === 1) return this.add(`${column} = ?`, values[0]);
    return this.add(`${column} IN (SELECT value FROM json_each(?))`, values && stringify(values));
  }

  protected override buildPair(column: string, key: string, value: Json): string {
    const [types, equal] = this.buildComparison(value);
    return `EXISTS (SELECT 1 FROM json_each(${column}) d WHERE d.key = ${this.bind(key)} AND d.type IN (${types})${equal})`;
  }

  /** Returns the JSON types that can equal a value, and the comparison, which is empty where the type alone decides. */
  private buildComparison(value: Json): [types: string, equal: string] {
    if (typeof value === "string") {
      const start = `substr(${this.bind(value)}, 1, ${MAX_COMPARED_CHARACTERS})`;
      return ["'text'", ` AND substr(d.value, 1, ${MAX_COMPARED_CHARACTERS}) = ${start}`];
    }
    if (typeof value === "number") return ["'integer', 'real'", ` AND d.value = ${this.bind(value)}`];
    return [value === null ? "'null'" : value === true ? "'true'" : "'false'", ""];
  }

  /** SQLite folds the case of ASCII only, so other texts become a pattern. */
  protected override buildMatch(escaped: string, isAscii: boolean): (column: string) => string {
    const cases = (sign: string): string => `[${listCases(sign).join("")}]`;
    const text = this.bind(isAscii ? escaped.toLowerCase() : `*${[...escaped].map(cases).join("")}*`);
    return (column) => (isAscii ? `instr(lower(${column}), ${text}) > 0` : `${column} GLOB ${text}`);
  }
}

type ListQuery = BaseListQuery<SqlFilters>;

/** Returns rows of a list, each as it is read. */
function iterateRows<Row>(
  db: Connection,
  { key, from, filters }: ListQuery,
  columns: string,
  { isOlder, border, limit }: PageRange,
): Iterable<Row> {
  const conditions = border === null ? filters.conditions : [...filters.conditions, `${key} ${isOlder ? "<" : ">"} ?`];
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : "";
  return db.iterate<Row>(
    `SELECT ${columns} ${from}${where} ORDER BY ${key} ${isOlder ? "DESC" : "ASC"} LIMIT ?`,
    ...filters.values,
    ...(border === null ? [] : [border]),
    limit,
  );
}

/** Reads rows up to the limit of bytes. Returns whether that limit has ended them. */
function readRows<Row>(db: Connection, query: ListQuery, range: PageRange): { found: Row[]; isFull: boolean } {
  const found: Row[] = [];
  let total = 0;
  for (const row of iterateRows<Row & { bytes: number }>(
    db,
    query,
    `${query.columns}, ${query.bytes} AS bytes`,
    range,
  )) {
    found.push(row);
    total += row.bytes;
    if (total >= PAGE_LIMITS.bytes) return { found, isFull: true };
  }
  return { found, isFull: false };
}

/** Reads one page, newest first. */
export function readPage<Row extends { row: number }>(
  db: Connection,
  query: ListQuery,
  page: PageRequest,
): { rows: Row[]; page_info: Paged<never>["page_info"] } {
  const { kind, count } = query;
  const range = planPage(kind, page, count);
  const { ends, finish } = arrangePage(kind, page, range, readRows<Row>(db, query, range));
  const hasRow = (end: PageEnd, isOlder: boolean): boolean => {
    if (typeof end === "boolean") return end;
    return [...iterateRows(db, query, "1", { isOlder, border: end.beyond, limit: 1 })].length > 0;
  };
  return finish({ newer: hasRow(ends.newer, false), older: hasRow(ends.older, true) });
}
