import { randomBytes } from "../../../util/random.js";
import { listClearStatements } from "../../rows/cleared-tables.js";
import type { Connection } from "./connection.js";

/** Tables about runs that only this store has. */
const OWN_TABLES = ["feed_counts", "kept_feeds", "unidentified_recipients", "delayed_jobs", "crashed_claims"];

/** Deletes runs, messages and schedules, and also recipients unless `keepRecipients` is set. The clock is kept. */
export async function clearStore(db: Connection, { keepRecipients }: { keepRecipients: boolean }): Promise<void> {
  // DELETE and not TRUNCATE, which would wait for every reader.
  await db.write(async (tx) => {
    for (const statement of listClearStatements(keepRecipients, OWN_TABLES)) await tx.run(statement);
    // Readers of new messages notice by it that the store was emptied.
    await tx.all("SELECT nextval('store_clears')");
  });
}

const SECRET_BYTES = 32;
const SELECT = "SELECT value FROM secrets WHERE name = $1";

/** Returns the secret of this name as hex. Creates it at the first read. */
export async function readSecret(db: Connection, name: string): Promise<string> {
  const known = await db.get<{ value: string }>(SELECT, name);
  if (known !== undefined) return known.value;
  return db.write(async (tx) => {
    const secret = Buffer.from(randomBytes(SECRET_BYTES)).toString("hex");
    await tx.run("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, secret);
    return (await tx.getOne<{ value: string }>(SELECT, name)).value;
  });
}

export async function readText(db: Connection, name: string): Promise<string | null> {
  return (await db.get<{ value: string }>(SELECT, name))?.value ?? null;
}

export function replaceText(db: Connection, name: string, before: string | null, after: string): Promise<boolean> {
  return db.write(async (tx) => {
    const rows =
      before === null
        ? await tx.all(
            "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name",
            name,
            after,
          )
        : await tx.all(
            "UPDATE secrets SET value = $3 WHERE name = $1 AND value = $2 RETURNING name",
            name,
            before,
            after,
          );
    return rows.length > 0;
  });
}

/**
 * Returns the current snapshot as text. It is cheap to read, and it changes when a transaction that wrote something ends, also
 * one of another database on the server.
 */
export async function readChangeToken(db: Connection): Promise<string> {
  return (await db.getOne<{ token: string }>("SELECT pg_current_snapshot()::text AS token")).token;
}
