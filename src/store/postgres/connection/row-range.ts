import type { TimeBounds } from "../../../ports/filters.js";
import { SqlFilters } from "./sql-filters.js";
import type { Reader } from "./transaction.js";

/** So many rows outside a range are read along with it, instead of finding out where it begins and ends. */
const MAX_SKIPPED = 2_000;

/** The first and the last row that a list reads, bound as values of its statement. */
export interface RowRange {
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
