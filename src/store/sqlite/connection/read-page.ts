import { MAX_PAGE_BYTES } from "../../../domain/page/page-bytes.js";
import type { TimeBounds } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { Json, JsonObject } from "../../../util/json.js";
import { type CursorKind, parseCursor, serializeCursor } from "../../cursor.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "./connection.js";
import type { SqlValue } from "./driver.js";

/** Characters of a text in a trigger's data that a filter compares; the rest is ignored (A-076). */
const MAX_COMPARED_CHARACTERS = 256;

/** Returns the JSON types that can equal a value, and the comparison; null where the type alone decides. */
function buildComparison(value: Json): [types: string, equal: string | null] {
  if (typeof value === "string")
    return ["'text'", `substr(d.value, 1, ${MAX_COMPARED_CHARACTERS}) = substr(?, 1, ${MAX_COMPARED_CHARACTERS})`];
  if (typeof value === "number") return ["'integer', 'real'", "d.value = ?"];
  return [value === null ? "'null'" : value === true ? "'true'" : "'false'", null];
}

function isAsciiText(text: string): boolean {
  return [...text].every((sign) => sign < "\u0080");
}

/** Returns a pattern with both cases of each letter, for texts that are not ASCII: SQLite folds the case of ASCII only. */
function buildAnyCasePattern(text: string): string {
  const cases = (sign: string): string => {
    const forms = new Set([sign, sign.toLowerCase(), sign.toUpperCase()]);
    return `[${[...forms].filter((form) => [...form].length === 1).join("")}]`;
  };
  return `*${[...text].map(cases).join("")}*`;
}

/** Returns the condition that a column refers to a name of a workflow or tenant. */
export const isName = (column: string): string => `${column} = (SELECT row FROM names WHERE name = ?)`;

/** Returns the condition that a column refers to any name of a JSON list. */
export const isAnyName = (column: string): string =>
  `${column} IN (SELECT row FROM names WHERE name IN (SELECT value FROM json_each(?)))`;

/** Conditions joined by AND, and the values for their placeholders. */
export class SqlFilters {
  readonly conditions: string[] = [];
  readonly values: SqlValue[] = [];

  /** Adds a condition that any of the values matches. Adds nothing if there is no list. */
  addAny(column: string, values: readonly (string | number)[] | undefined): this {
    if (values?.length === 1) return this.add(`${column} = ?`, values[0]);
    return this.add(`${column} IN (SELECT value FROM json_each(?))`, values && stringify(values));
  }

  /** Adds a condition for each given bound of a time. */
  addBounds(column: string, { gt, gte, lt, lte }: TimeBounds = {}): this {
    return this.add(`${column} > ?`, gt).add(`${column} >= ?`, gte).add(`${column} < ?`, lt).add(`${column} <= ?`, lte);
  }

  /** Adds a condition for each pair at the top of a JSON column. Strings match by {@link MAX_COMPARED_CHARACTERS} (A-076). */
  addPairs(column: string, pairs: JsonObject | undefined): this {
    for (const [key, value] of Object.entries(pairs ?? {})) {
      const [type, equal] = buildComparison(value);
      this.conditions.push(
        `EXISTS (SELECT 1 FROM json_each(${column}) d WHERE d.key = ? AND d.type IN (${type})${equal === null ? "" : ` AND ${equal}`})`,
      );
      this.values.push(key, ...(equal === null ? [] : [value as SqlValue]));
    }
    return this;
  }

  /**
   * Adds a condition that a text is part of any of the columns, where JSON columns contain it escaped, or equals any of the
   * ids.
   */
  addText(columns: readonly string[], ids: readonly string[], text: string | undefined): this {
    if (text === undefined) return this;
    const escaped = stringify(text).slice(1, -1);
    const isAscii = isAsciiText(escaped);
    const buildMatch = (column: string): string =>
      isAscii ? `instr(lower(${column}), lower(?)) > 0` : `${column} GLOB ?`;
    this.conditions.push(`(${[...columns.map(buildMatch), ...ids.map((id) => `${id} = ?`)].join(" OR ")})`);
    for (const _ of columns) this.values.push(isAscii ? escaped : buildAnyCasePattern(escaped));
    for (const _ of ids) this.values.push(text);
    return this;
  }

  /** Adds a condition that contains its value `times` times. Adds nothing if the value is undefined. */
  add(condition: string, value: string | number | undefined, times = 1): this {
    if (value !== undefined) {
      this.conditions.push(condition);
      for (let i = 0; i < times; i++) this.values.push(value);
    }
    return this;
  }
}

interface ListQuery {
  kind: CursorKind;
  /** The columns, without SELECT. */
  columns: string;
  /** `FROM …`, without WHERE. */
  from: string;
  /** The bytes of an item as SQL. */
  bytes: string;
  /** The row key to sort and page by. */
  key: string;
  filters: SqlFilters;
  /** The number of all rows that match, if it is known. The first page ends with the last of them without a search for more. */
  count?: number;
}

/** The order in which a page is read. */
type PageDirection = "older" | "newer";

/** Which rows of a list are read: up to `limit` in a direction, from the row next to `border` on; null starts at the end. */
interface RowRange {
  direction: PageDirection;
  border: number | null;
  limit: number;
}

/** Returns rows of a list, each as it is read. */
function iterateRows<Row>(
  db: Connection,
  { key, from, filters }: ListQuery,
  columns: string,
  { direction, border, limit }: RowRange,
): Iterable<Row> {
  const isOlder = direction === "older";
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
function readRows<Row>(db: Connection, query: ListQuery, range: RowRange): { rows: Row[]; isFull: boolean } {
  const rows: Row[] = [];
  let total = 0;
  for (const row of iterateRows<Row & { bytes: number }>(
    db,
    query,
    `${query.columns}, ${query.bytes} AS bytes`,
    range,
  )) {
    rows.push(row);
    total += row.bytes;
    if (total >= MAX_PAGE_BYTES) return { rows, isFull: true };
  }
  return { rows, isFull: false };
}

/** Reads one page, newest first. Row keys grow and never change, so no row is repeated or missed while others are added. */
export function readPage<Row extends { row: number }>(
  db: Connection,
  query: ListQuery,
  page: PageRequest,
): { rows: Row[]; page_info: Paged<never>["page_info"] } {
  const { kind, count = Number.POSITIVE_INFINITY } = query;
  const cursor = parseCursor(kind, page);
  const hasRowBeyond = (direction: PageDirection, border: number): boolean =>
    [...iterateRows(db, query, "1", { direction, border, limit: 1 })].length > 0;

  const backwards = cursor?.side === "before";
  const direction = backwards ? "newer" : "older";
  const { rows: found, isFull } = readRows<Row>(db, query, {
    direction,
    border: cursor?.row ?? null,
    limit: cursor === null ? Math.min(page.limit + 1, count) : page.limit + 1,
  });
  const rows = found.slice(0, page.limit);
  const hasMore = found.length > page.limit || (isFull && hasRowBeyond(direction, (found.at(-1) as Row).row));
  if (backwards) rows.reverse();

  // With an empty page, the cursor itself is the border, and the row that it names is on the other side of it.
  const newest = rows[0]?.row ?? (cursor ? cursor.row - 1 : 0);
  const oldest = rows.at(-1)?.row ?? (cursor ? cursor.row + 1 : 0);
  const hasNewer = cursor !== null && (backwards ? hasMore : hasRowBeyond("newer", newest));
  const hasOlder = cursor === null || !backwards ? hasMore : hasRowBeyond("older", oldest);
  return {
    rows,
    page_info: {
      after: hasOlder ? serializeCursor(kind, oldest) : null,
      before: hasNewer ? serializeCursor(kind, newest) : null,
      page_size: page.limit,
    },
  };
}
