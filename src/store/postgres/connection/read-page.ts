import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { type CursorKind, parseCursor, serializeCursor } from "../../cursor.js";
import { BLOCK_ROWS } from "./allocate-rows.js";
import { type BlockSource, buildBlockQuery } from "./block-values.js";
import type { SqlFilters } from "./sql-filters.js";
import type { Reader } from "./transaction.js";

interface ListQuery {
  kind: CursorKind;
  /** The columns, without SELECT. */
  columns: string;
  /** `FROM …`, without WHERE. */
  from: string;
  /** The row key to sort and page by. */
  key: string;
  filters: SqlFilters;
  /** Where rows that match the filters may be; without any, the rows are read in order until the page is full. */
  sources?: readonly BlockSource[];
  /** The number of all rows that match, if it is known. The first page ends with the last of them without a search for more. */
  count?: number;
}

/** Which rows of a list are read: up to `limit` in a direction, from the row next to `border` on; null starts at the end. */
interface RowRange {
  isOlder: boolean;
  border: number | null;
  limit: number;
}

/** Returns the statement for a range of rows. The border is bound as the value `border`. */
function buildStatement(
  { columns, from, key, filters, sources = [] }: ListQuery,
  { isOlder, border, limit }: RowRange,
  borderValue: string,
): string {
  const direction = isOlder ? "DESC" : "ASC";
  const conditions = [...filters.conditions];
  if (border !== null) conditions.push(`${key} ${isOlder ? "<" : ">"} ${borderValue}`);
  const where = (all: readonly string[]): string => (all.length === 0 ? "" : ` WHERE ${all.join(" AND ")}`);
  if (sources.length === 0)
    return `SELECT ${columns} ${from}${where(conditions)} ORDER BY ${key} ${direction} LIMIT ${limit}`;
  const bound = border === null ? "TRUE" : `f.block ${isOlder ? "<=" : ">="} ${borderValue} / ${BLOCK_ROWS}`;
  const inBlock = [`${key} >= b.block * ${BLOCK_ROWS}`, `${key} < (b.block + 1) * ${BLOCK_ROWS}`];
  return (
    `SELECT found.* FROM (${buildBlockQuery(sources, bound, direction)}) b ` +
    `CROSS JOIN LATERAL (SELECT ${columns} ${from}${where([...inBlock, ...conditions])} ORDER BY ${key} ${direction} LIMIT ${limit}) found ` +
    `ORDER BY b.block ${direction}, found.row ${direction} LIMIT ${limit}`
  );
}

function readRows<Row>(tx: Reader, query: ListQuery, range: RowRange): Promise<Row[]> {
  const { values } = query.filters;
  const { border } = range;
  const statement = buildStatement(query, range, `$${values.length + 1}::bigint`);
  return tx.all<Row>(statement, ...values, ...(border === null ? [] : [border]));
}

/** Reads one page, newest first. Row keys grow and never change, so no row is repeated or missed while others are added. */
export async function readPage<Row extends { row: number }>(
  tx: Reader,
  query: ListQuery,
  page: PageRequest,
): Promise<{ rows: Row[]; page_info: Paged<never>["page_info"] }> {
  const { kind, count = Number.POSITIVE_INFINITY } = query;
  const cursor = parseCursor(kind, page);
  const hasRowBeyond = async (isOlder: boolean, border: number): Promise<boolean> =>
    (await readRows(tx, { ...query, columns: `${query.key} AS row` }, { isOlder, border, limit: 1 })).length > 0;

  const backwards = cursor?.side === "before";
  const limit = cursor === null ? Math.min(page.limit + 1, count) : page.limit + 1;
  const found = await readRows<Row>(tx, query, { isOlder: !backwards, border: cursor?.row ?? null, limit });
  const hasMore = found.length > page.limit;
  const rows = found.slice(0, page.limit);
  if (backwards) rows.reverse();

  // With an empty page, the cursor itself is the border, and the row that it names is on the other side of it.
  const newest = rows[0]?.row ?? (cursor ? cursor.row - 1 : 0);
  const oldest = rows.at(-1)?.row ?? (cursor ? cursor.row + 1 : 0);
  const hasNewer = cursor !== null && (backwards ? hasMore : await hasRowBeyond(false, newest));
  const hasOlder = cursor === null || !backwards ? hasMore : await hasRowBeyond(true, oldest);
  return {
    rows,
    page_info: {
      after: hasOlder ? serializeCursor(kind, oldest) : null,
      before: hasNewer ? serializeCursor(kind, newest) : null,
      page_size: page.limit,
    },
  };
}
