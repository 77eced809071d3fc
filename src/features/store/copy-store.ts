import { formatStoreLocation, isPostgresLocation } from "../../context/store-location.js";
import { KnockError } from "../../errors/knock-error.js";
import type { StoreTables } from "../../ports/store-tables.js";
import { openSqliteTables } from "../../store/sqlite/copy/sqlite-tables.js";
import { copyTables } from "./copy-tables.js";
import type { StoreCopy } from "./store-schema.js";

async function openTables(location: string, options: { readOnly: boolean }): Promise<StoreTables> {
  if (location === ":memory:")
    throw new KnockError("usage", ":memory: cannot be copied, because it exists only in one process", {
      hint: "Give a file or the URL of a PostgreSQL database.",
    });
  if (!isPostgresLocation(location)) return openSqliteTables(location);
  const { openPostgresTables } = await import("../../store/postgres/open-postgres-store.js");
  return openPostgresTables(location, options);
}

/** Copies the store at a location to an empty one. Throws `usage`, `conflict` and the errors of opening a store. */
export async function copyStore(from: string, to: string, setProgress: (text: string) => void): Promise<StoreCopy> {
  const source = await openTables(from, { readOnly: true });
  try {
    const target = await openTables(to, { readOnly: false });
    try {
      const tables = await copyTables(source, target, ({ phase, table, rows, total }) =>
        setProgress(`${phase === "copy" ? "copying" : "comparing"} ${table}: ${rows} of ${total} rows`),
      );
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      return { from: formatStoreLocation(from), to: formatStoreLocation(to), rows, tables };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
