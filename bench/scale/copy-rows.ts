import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { createKsuid, systemIds } from "../../src/util/ids.js";

type Columns = Record<string, string | number | null>;

/** Reads the newest rows as COPY writes them, apart from what the database fills in. */
export async function readColumns(
  db: Connection,
  table: string,
  limit: number,
  condition = "true",
): Promise<Columns[]> {
  const rows = await db.all<Columns>(`SELECT * FROM ${table} WHERE ${condition} ORDER BY row DESC LIMIT ${limit}`);
  return rows.map(({ xid: _, ...columns }) => columns);
}

/** Returns a new id as the engine creates them: those of messages begin with the time, those of runs are hashes. */
const createId = (table: string): string =>
  table === "messages" ? createKsuid(Date.now(), systemIds.ksuidPayload()) : crypto.randomUUID();

/** Inserts copies of rows with new keys, with COPY, in one transaction. */
export async function copyRows(db: Connection, tables: Record<string, readonly Columns[]>): Promise<void> {
  await db.write(async (tx) => {
    for (const [table, rows] of Object.entries(tables)) {
      const found = await tx.get<{ block: number }>("SELECT nextval('row_blocks') AS block");
      const first = (found as { block: number }).block * 1_024;
      const names = Object.keys(rows[0] as Columns);
      const copies = rows.map((row, index) =>
        names.map((name) => (name === "row" ? first + index : name === "id" ? createId(table) : (row[name] as string))),
      );
      await tx.copy(table, names, copies);
    }
  });
}
