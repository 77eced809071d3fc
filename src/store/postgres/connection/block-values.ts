import { getKeys } from "../../../util/json.js";
import { stringify } from "../../rows/json-column.js";
import { BLOCK_ROWS } from "./allocate-rows.js";
import type { SqlFilters } from "./sql-filters.js";
import type { Transaction } from "./transaction.js";

/** The columns whose blocks are recorded, each with the number that stands for it in the table. */
const BLOCK_COLUMNS = {
  "messages.status": 1,
  "messages.channel": 2,
  "messages.workflow": 3,
  "messages.tenant": 4,
  "messages.workflow_run": 5,
  "runs.status": 6,
  "runs.workflow": 7,
  "runs.tenant": 8,
};

export type BlockColumn = keyof typeof BLOCK_COLUMNS;

/** Collects the values of rows, each once for each block. */
export class BlockValues {
  private readonly found = new Map<string, [column: number, value: string, block: number]>();
  private readonly last = new Map<BlockColumn, { value: string; block: number }>();

  add(column: BlockColumn, value: string | null, row: number): void {
    if (value === null) return;
    const block = Math.floor(row / BLOCK_ROWS);
    // The rows of a transaction mostly have the value of the row before.
    const last = this.last.get(column);
    if (last !== undefined && last.value === value && last.block === block) return;
    this.last.set(column, { value, block });
    this.found.set(`${column} ${block} ${value}`, [BLOCK_COLUMNS[column], value, block]);
  }

  list(): [column: number, value: string, block: number][] {
    return [...this.found.values()];
  }
}

/**
 * Records which blocks of rows contain a value of a column, so that lists find rare values without an index of each row: an
 * index of a column costs WAL for each row, this table for each block, which is a trigger's chunk. These rows must be in
 * blocks that the transaction itself has allocated.
 */
export async function recordNewValues(tx: Transaction, values: BlockValues): Promise<void> {
  await tx.copy("block_values", ["name", "value", "block"], values.list());
}

/** The table has no unique key, so that transactions that record the same value do not wait for each other. */
const INSERT_MISSING = `
  INSERT INTO block_values (name, value, block)
  SELECT c.name, c.value, c.block FROM json_to_recordset($1::json) AS c (name smallint, value text, block bigint)
  WHERE NOT EXISTS (SELECT 1 FROM block_values b WHERE b.name = c.name AND b.value = c.value AND b.block = c.block)`;

/** Records values that an update has written. A block may no longer contain a recorded value. */
export async function recordChangedValues(tx: Transaction, values: BlockValues): Promise<void> {
  const rows = values.list().map(([name, value, block]) => ({ name, value, block }));
  if (rows.length > 0) await tx.run(INSERT_MISSING, stringify(rows));
}

const HAS_ROW = (table: string): string =>
  `EXISTS (SELECT 1 FROM ${table} t WHERE t.row BETWEEN b.block * ${BLOCK_ROWS} AND b.block * ${BLOCK_ROWS} + ${BLOCK_ROWS - 1})`;

/**
 * Deletes the values of blocks between two rows that have no row any more. A block belongs to one transaction, so no row that
 * is not committed yet can be in a block whose values are.
 */
export async function deleteValuesOfEmptyBlocks(tx: Transaction, from: number, to: number): Promise<void> {
  await tx.run(
    `DELETE FROM block_values b WHERE b.block BETWEEN $1 AND $2
     AND NOT ${HAS_ROW("recipient_runs")} AND NOT ${HAS_ROW("messages")}`,
    Math.floor(from / BLOCK_ROWS),
    Math.floor(to / BLOCK_ROWS),
  );
}

const MESSAGES =
  "messages m JOIN recipient_runs r ON r.row = m.recipient_run JOIN workflow_runs w ON w.row = r.workflow_run";
const RUNS = "recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run";

/** The tables and the expression for the values of each column. */
const BLOCK_VALUES: Record<BlockColumn, { from: string; row: string; value: string }> = {
  "messages.status": { from: "messages m", row: "m.row", value: "m.status" },
  "messages.channel": { from: "messages m", row: "m.row", value: "m.channel::text" },
  "messages.workflow": { from: MESSAGES, row: "m.row", value: "w.workflow" },
  "messages.tenant": { from: MESSAGES, row: "m.row", value: "w.tenant" },
  "messages.workflow_run": { from: MESSAGES, row: "m.row", value: "w.row::text" },
  "runs.status": { from: "recipient_runs r", row: "r.row", value: "r.status" },
  "runs.workflow": { from: RUNS, row: "r.row", value: "w.workflow" },
  "runs.tenant": { from: RUNS, row: "r.row", value: "w.tenant" },
};

/** Records the values of all rows of a store whose rows were copied. */
export async function recordAllValues(tx: Transaction): Promise<void> {
  for (const column of getKeys(BLOCK_VALUES)) {
    const { from, row, value } = BLOCK_VALUES[column];
    await tx.run(
      `INSERT INTO block_values (name, value, block)
       SELECT DISTINCT ${BLOCK_COLUMNS[column]}, ${value}, ${row} / ${BLOCK_ROWS} FROM ${from} WHERE ${value} IS NOT NULL`,
    );
  }
}

/** Any of these values of a column, as SQL expressions of texts. */
export interface BlockSource {
  column: BlockColumn;
  values: readonly string[];
}

/** Returns a source for bound values; none if there is no list. */
export function bindBlockSource(
  filters: SqlFilters,
  column: BlockColumn,
  values: readonly string[] | undefined,
): BlockSource[] {
  if (values === undefined) return [];
  // No block has a value that is null.
  return [{ column, values: values.length === 0 ? ["NULL"] : values.map((value) => filters.bind(value)) }];
}

/**
 * Returns a query for the blocks that all sources contain, in order. The first source is read in the order of its index, and
 * the others are looked up.
 */
export function buildBlockQuery(sources: readonly BlockSource[], bound: string, direction: "ASC" | "DESC"): string {
  const [first, ...others] = sources;
  if (first === undefined) throw new Error("a query for blocks needs a source");
  const lookups = others.map(
    ({ column, values }) =>
      `EXISTS (SELECT 1 FROM block_values o WHERE o.name = ${BLOCK_COLUMNS[column]} AND o.value IN (${values.join(", ")}) AND o.block = f.block)`,
  );
  const parts = first.values.map((value) => {
    const conditions = [`f.name = ${BLOCK_COLUMNS[first.column]}`, `f.value = ${value}`, bound, ...lookups];
    return `(SELECT f.block FROM block_values f WHERE ${conditions.join(" AND ")} ORDER BY f.block ${direction})`;
  });
  return `SELECT DISTINCT block FROM (${parts.join(" UNION ALL ")}) found ORDER BY block ${direction}`;
}
