import { PAGE_LIMITS } from "../../../domain/page/page-bytes.js";
import type { TimeBounds } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { arrangePage, type BaseListQuery, type PageEnd, type PageRange, planPage } from "../../cursor.js";
import { BLOCK_ROWS } from "./allocate-rows.js";
import { type BlockSource, buildBlockQuery } from "./block-values.js";
import { SqlFilters } from "./sql-filters.js";
import type { Reader, SqlValue } from "./transaction.js";

/** So many rows outside a range are read along with it, instead of finding out where it begins and ends. */
const MAX_SKIPPED = 2_000;

/** The first and the last row that a list reads, bound as values of its statement. */
interface RowRange {
  first: string;
  last: string;
}

/**
 * Returns the first and the last row of a table that were inserted between two times, so that a list of them reads no others.
 * Undefined if few rows are not between them. All between them are compared in the index of times, because transactions overlap
 * and clocks differ: a later row can have an earlier time.
 */
export async function bindRowRange(
  tx: Reader,
  table: "messages" | "recipient_runs",
  { gt, gte, lt, lte }: TimeBounds = {},
  list: SqlFilters,
): Promise<RowRange | undefined> {
  const select = async <Row>(columns: string, filters: SqlFilters, rest = ""): Promise<Row[]> => {
    const where = filters.conditions.join(" AND ");
    return tx.all<Row>(`SELECT ${columns} FROM ${table} WHERE ${where}${rest}`, ...filters.values);
  };
  /** Returns whether there are more than a few rows beyond a bound. */
  const hasMany = async (operator: string, bound: number | undefined): Promise<boolean> => {
    if (bound === undefined) return false;
    const filters = new SqlFilters().add(`inserted_at ${operator} ?`, bound);
    const order = operator.startsWith("<") ? "DESC" : "ASC";
    return (await select("1", filters, ` ORDER BY inserted_at ${order} OFFSET ${MAX_SKIPPED} LIMIT 1`)).length > 0;
  };
  const isOutside = [
    await hasMany("<=", gt),
    await hasMany("<", gte),
    await hasMany(">=", lt),
    await hasMany(">", lte),
  ];
  if (!isOutside.includes(true)) return undefined;
  const filters = new SqlFilters().addBounds("inserted_at", { gt, gte, lt, lte });
  // Without the sum, the planner would look for the first row in the order of rows, through all that are not between the times.
  const columns = "min(row + 0) AS first, max(row + 0) AS last";
  const [found] = await select<{ first: number | null; last: number | null }>(columns, filters);
  return { first: list.bind(found?.first ?? 0), last: list.bind(found?.last ?? -1) };
}

interface ListQuery extends BaseListQuery<SqlFilters> {
  /** The first and the last row that can match, if they are known. */
  rows?: RowRange | undefined;
  /** Where rows that match the filters may be; without any, the rows are read in order until the page is full. */
  sources?: readonly BlockSource[];
  /**
   * The value of the first column of an index whose second column is the key. The order contains both, so that the planner reads no
   * other index, in which rows with other values may come first.
   */
  group?: { column: string; value: string } | undefined;
  /** Whether an index of the filters finds few rows, which are then sorted. Otherwise, all rows are read in order to find them. */
  isSelective?: boolean;
}

/** A statement that selects rows, and the columns by which it orders them. */
interface OrderedSelect {
  select: string;
  order: readonly string[];
}

/** Returns the statement for a range of rows. The border is bound after the values of the filters. */
function buildSelect(
  { from, key, filters, rows, sources = [], group, isSelective = false }: ListQuery,
  columns: string,
  { isOlder, border, limit }: PageRange,
): OrderedSelect {
  const direction = isOlder ? "DESC" : "ASC";
  const borderValue = `$${filters.values.length + 1}::bigint`;
  const conditions = [...filters.conditions];
  const where = (all: readonly string[]): string => (all.length === 0 ? "" : ` WHERE ${all.join(" AND ")}`);
  if (group !== undefined) {
    const { column, value } = group;
    // The planner leaves a column that equals a value out of the order.
    conditions.push(`${column} >= ${value}`, `${column} <= ${value}`);
    if (border !== null) conditions.push(`(${column}, ${key}) ${isOlder ? "<" : ">"} (${value}, ${borderValue})`);
    const order = `${column} ${direction}, ${key} ${direction} LIMIT ${limit}`;
    const select = `SELECT ${column} AS block, ${columns} ${from}${where(conditions)} ORDER BY ${order}`;
    return { select, order: [`block ${direction}`, `row ${direction}`] };
  }
  if (border !== null) conditions.push(`${key} ${isOlder ? "<" : ">"} ${borderValue}`);
  if (rows !== undefined) conditions.push(`${key} >= ${rows.first}::bigint`, `${key} <= ${rows.last}::bigint`);
  if (sources.length === 0) {
    // The planner does not know that the sum has the order of the key.
    const order = isSelective ? `${key} + 0` : key;
    const select = `SELECT ${columns} ${from}${where(conditions)} ORDER BY ${order} ${direction} LIMIT ${limit}`;
    return { select, order: [`row ${direction}`] };
  }
  const bounds = ["TRUE"];
  if (border !== null) bounds.push(`f.block ${isOlder ? "<=" : ">="} ${borderValue} / ${BLOCK_ROWS}`);
  if (rows !== undefined)
    bounds.push(`f.block BETWEEN ${rows.first}::bigint / ${BLOCK_ROWS} AND ${rows.last}::bigint / ${BLOCK_ROWS}`);
  const inBlock = [`${key} >= b.block * ${BLOCK_ROWS}`, `${key} < (b.block + 1) * ${BLOCK_ROWS}`];
  const select =
    `SELECT b.block, found.* FROM (${buildBlockQuery(sources, bounds.join(" AND "), direction)}) b ` +
    `CROSS JOIN LATERAL (SELECT ${columns} ${from}${where([...inBlock, ...conditions])} ORDER BY ${key} ${direction} LIMIT ${limit}) found ` +
    `ORDER BY b.block ${direction}, found.row ${direction} LIMIT ${limit}`;
  return { select, order: [`block ${direction}`, `row ${direction}`] };
}

/** Adds `total`, the bytes up to each row, and leaves out the rows after the limit, whose values the database does not read. */
function limitBytes({ select, order }: OrderedSelect): string {
  const total = `sum(bytes) OVER (ORDER BY ${order.join(", ")} ROWS UNBOUNDED PRECEDING)`;
  return `SELECT * FROM (SELECT *, ${total} AS total FROM (${select}) page) counted WHERE total - bytes < ${PAGE_LIMITS.bytes}`;
}

const getValues = ({ filters }: ListQuery, { border }: PageRange): SqlValue[] =>
  border === null ? filters.values : [...filters.values, border];

/** Reads one page, newest first. */
export async function readPage<Row extends { row: number }>(
  tx: Reader,
  query: ListQuery,
  page: PageRequest,
): Promise<{ rows: Row[]; page_info: Paged<never>["page_info"] }> {
  const { kind, count } = query;
  const range = planPage(kind, page, count);
  const select = limitBytes(buildSelect(query, `${query.columns}, ${query.bytes} AS bytes`, range));
  const found = await tx.all<Row & { total: number }>(select, ...getValues(query, range));
  const isFull = (found.at(-1)?.total ?? 0) >= PAGE_LIMITS.bytes;
  const { ends, finish } = arrangePage<Row>(kind, page, range, { found, isFull });
  const hasRow = async (end: PageEnd, isOlder: boolean): Promise<boolean> => {
    if (typeof end === "boolean") return end;
    const beyond = { isOlder, border: end.beyond, limit: 1 };
    const { select: one } = buildSelect(query, `${query.key} AS row`, beyond);
    return (await tx.get(one, ...getValues(query, beyond))) !== undefined;
  };
  return finish({ newer: await hasRow(ends.newer, false), older: await hasRow(ends.older, true) });
}
