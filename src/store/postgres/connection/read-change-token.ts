import type { Connection } from "./connection.js";

/**
 * Returns the current snapshot as text. It is cheap to read, and it changes when a transaction that wrote something ends, also
 * one of another database on the server.
 */
export async function readChangeToken(db: Connection): Promise<string> {
  return ((await db.get<{ token: string }>("SELECT pg_current_snapshot()::text AS token")) as { token: string }).token;
}
