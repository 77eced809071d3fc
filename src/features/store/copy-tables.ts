import { createHash, type Hash } from "node:crypto";
import { KnockError } from "../../errors/knock-error.js";
import type { StoredRow, StoredTable, StoreTables, TableSource } from "../../ports/store-tables.js";
import { STORED_TABLES } from "../../store/rows/stored-tables.js";

/** A copied table. The digest is equal on both sides. */
export interface CopiedTable {
  table: string;
  rows: number;
  digest: string;
}

/** Called after each group of rows. `phase` is `copy`, then `compare`. */
type CopyProgress = (progress: { phase: "copy" | "compare"; table: string; rows: number; total: number }) => void;

/**
 * Copies all tables of a store to an empty one, in one transaction. Reads them again there and compares counts and digests
 * before the transaction ends, so that the copy is complete or empty.
 */
export function copyTables(from: StoreTables, to: StoreTables, onProgress: CopyProgress): Promise<CopiedTable[]> {
  return from.read((source) =>
    to.write(async (target) => {
      await target.writeClock(await source.readClock());
      const copied: CopiedTable[] = [];
      for (const table of STORED_TABLES) {
        const total = await source.countRows(table);
        const report = (rows: number): void => onProgress({ phase: "copy", table: table.name, rows, total });
        const digest = await digestRows(source, table, report, (rows) => target.writeRows(table, rows));
        copied.push({ table: table.name, ...digest });
      }
      await target.deriveRest();
      for (const { table: name, rows, digest } of copied) {
        const table = STORED_TABLES.find((candidate) => candidate.name === name) as StoredTable;
        const report = (count: number): void => onProgress({ phase: "compare", table: name, rows: count, total: rows });
        const found = await digestRows(target, table, report);
        if (found.rows !== rows || found.digest !== digest)
          throw new KnockError(
            "internal",
            `the copy of table ${name} differs: ${found.rows} of ${rows} rows, digest ${found.digest} instead of ${digest}`,
          );
      }
      return copied;
    }),
  );
}

/** Returns the count and the digest of the rows of a table, in order of its key, after `process` was called with each group. */
async function digestRows(
  source: TableSource,
  table: StoredTable,
  report: (rows: number) => void,
  process: (rows: readonly StoredRow[]) => Promise<readonly StoredRow[]> = async (rows) => rows,
): Promise<{ rows: number; digest: string }> {
  const hash: Hash = createHash("sha256");
  let count = 0;
  for await (const rows of source.readRows(table)) {
    for (const row of await process(rows)) hash.update(`${JSON.stringify(row)}\n`);
    count += rows.length;
    report(count);
  }
  return { rows: count, digest: hash.digest("hex").slice(0, 32) };
}
