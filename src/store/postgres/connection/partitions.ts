import { BLOCK_ROWS } from "./allocate-rows.js";

/**
 * The rows between the beginnings of two partitions. Their numbers are prepared in advance and mostly not used, so a store has
 * 2,048 partitions before its rows reach 2^53: one a month for 170 years.
 */
const PARTITION_ROWS = 2 ** 42;
/** The greatest number of a partition. Rows of the one after it would not be safe as numbers. */
export const MAX_PARTITION = 2 ** 53 / PARTITION_ROWS;

/** The names of the tables that are partitioned by row. */
export type PartitionedName = "recipient_runs" | "messages" | "batch_activities" | "delivery_logs";

interface PartitionedTable {
  name: PartitionedName;
  /** The parameters of each partition, which are not inherited. */
  storage: string;
  /** A column that is unique in each partition. A unique index of the whole table would have to contain the row. */
  unique?: string;
}

const FREQUENT_VACUUM = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000";

/** The tables that are partitioned by row. Their partitions begin at the same numbers. */
export const PARTITIONED_TABLES: readonly PartitionedTable[] = [
  { name: "recipient_runs", storage: ` WITH (fillfactor = 70, ${FREQUENT_VACUUM})` },
  { name: "messages", storage: ` WITH (fillfactor = 90, ${FREQUENT_VACUUM})`, unique: "id" },
  { name: "batch_activities", storage: "" },
  { name: "delivery_logs", storage: "" },
];

/** The sequences that number the rows of these tables, and the rows that each value stands for. */
export const ROW_SEQUENCES: readonly { name: string; rowsPerValue: number }[] = [
  { name: "row_blocks", rowsPerValue: BLOCK_ROWS },
  { name: "batch_activity_rows", rowsPerValue: 1 },
  { name: "delivery_log_rows", rowsPerValue: 1 },
];

/** Returns the first row of a partition, whose number is at least 1. */
export const getFirstRow = (number: number): number => (number - 1) * PARTITION_ROWS;

/** Returns the number of the partition that begins at or before a row, if all partitions exist. */
export const getPartitionNumber = (row: number): number => Math.floor(row / PARTITION_ROWS) + 1;

export const getPartitionName = ({ name }: PartitionedTable, number: number): string => `${name}_${number}`;

/** Returns the statements that create a partition from its number on, up to the end of all rows. */
export function buildLastPartition(table: PartitionedTable, number: number): string {
  const name = getPartitionName(table, number);
  const from = number === 1 ? "MINVALUE" : getFirstRow(number);
  const create = `CREATE TABLE ${name} PARTITION OF ${table.name} FOR VALUES FROM (${from}) TO (MAXVALUE)${table.storage}`;
  return table.unique === undefined
    ? create
    : `${create};\nCREATE UNIQUE INDEX ${name}_by_${table.unique} ON ${name} (${table.unique})`;
}
