import type { CallCounts } from "../../../util/call-counter.js";
import type { Connection } from "./connection.js";

/** Counts of the last minute are kept. */
const KEPT_S = 60;

/** A result is read for as long. */
const KEPT_RESULT_MS = 24 * 60 * 60_000;

/**
 * Counts with the clock of the server, because those of the callers may differ. A call that waited for others may end a second
 * after it began. A clock that was set back begins again.
 */
const COUNT = `
  INSERT INTO call_counts AS c (key, second, calls)
  SELECT key, floor(extract(epoch FROM clock_timestamp())), 1 FROM unnest($1::text[]) key ORDER BY key
  ON CONFLICT (key) DO UPDATE SET
    second = CASE WHEN c.second = excluded.second + 1 THEN c.second ELSE excluded.second END,
    calls = CASE WHEN c.second BETWEEN excluded.second AND excluded.second + 1 THEN c.calls + 1 ELSE 1 END
  RETURNING key, calls, 1000 - floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint % 1000 AS resets_in_ms`;

/** Rows that a call changes now are left. */
const DELETE_OLD = `
  DELETE FROM call_counts WHERE key IN (
    SELECT key FROM call_counts WHERE second < extract(epoch FROM clock_timestamp()) - ${KEPT_S} FOR UPDATE SKIP LOCKED
  )`;

/** Counts calls in a table that all processes share. */
export class SharedCallCounts {
  private deletedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly db: Connection) {}

  async count(keys: readonly string[]): Promise<CallCounts> {
    const now = performance.now();
    if (now - this.deletedAt > KEPT_S * 1_000) {
      this.deletedAt = now;
      await this.db.runAlone(DELETE_OLD);
    }
    const rows = await this.db.runAlone<{ key: string; calls: number; resets_in_ms: number }>(COUNT, keys);
    const byKey = new Map(rows.map(({ key, calls }) => [key, calls]));
    return { calls: keys.map((key) => byKey.get(key) ?? 0), resets_in_ms: rows[0]?.resets_in_ms ?? 0 };
  }
}

/** Keeps a result for a day, and deletes older ones. */
export async function keepResult(db: Connection, id: string, value: string): Promise<void> {
  await db.write(async (tx) => {
    await tx.run("DELETE FROM kept_results WHERE kept_at < $1", tx.startedAt - KEPT_RESULT_MS);
    await tx.run("INSERT INTO kept_results VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", id, value, tx.startedAt);
  });
}

export async function readResult(db: Connection, id: string): Promise<string | null> {
  return (await db.get<{ value: string }>("SELECT value FROM kept_results WHERE id = $1", id))?.value ?? null;
}
