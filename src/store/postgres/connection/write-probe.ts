import type { Pool, PoolConfig } from "pg";
import { KnockError } from "../../../errors/knock-error.js";
import { withTimeLimit } from "../../../util/time-limit.js";
import type { Connection } from "./connection.js";
import { createClient } from "./create-client.js";

/** A write has to be committed within this time. Probes of Kubernetes in `deploy/` wait for 3 s. */
const MAX_PROBE_MS = 2_000;
/** A result is used again for this long, so that many probes cost the database no more than a few. */
const MAX_AGE_MS = 500;

/**
 * Writes a row and deletes it. An update would succeed on a full disk as long as its page has room, so the statements also need
 * space on the disk of the tables: the numbers take more memory than they may, so that the server writes them to a file there.
 */
const PROBE = [
  "BEGIN",
  `SET LOCAL statement_timeout = ${MAX_PROBE_MS}`,
  `SET LOCAL lock_timeout = ${MAX_PROBE_MS}`,
  "SET LOCAL work_mem = '64kB'",
  "SET LOCAL temp_tablespaces = ''",
  "SELECT count(*) FROM generate_series(1, 10000)",
  "INSERT INTO workers (id, host, pool_ids, lock_key, started_at, seen_at) VALUES ('probe:' || gen_random_uuid(), '', '{}', 0, 0, 0)",
  "DELETE FROM workers WHERE id LIKE 'probe:%'",
  "COMMIT",
].join("; ");

/** The limit of the client ends a probe whose server does not answer at all. */
const QUERY = { text: PROBE, query_timeout: MAX_PROBE_MS };

async function probeWithPool(pool: Pool): Promise<void> {
  const client = await pool.connect();
  let isUsable = false;
  try {
    await client.query(QUERY);
    isUsable = true;
  } finally {
    client.release(!isUsable);
  }
}

async function probeWithNewConnection(options: PoolConfig): Promise<void> {
  const client = createClient({ ...options, connectionTimeoutMillis: MAX_PROBE_MS });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(QUERY);
  } finally {
    client.end().catch(() => {});
  }
}

/** Finds out whether a store can be written now, with its connections and with a new one. */
export class WriteProbe {
  private running: Promise<void> | null = null;
  private succeededAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly db: Connection) {}

  /** Throws `unreachable` or `store_unusable` unless a write is committed within two seconds. Concurrent calls share it. */
  async check(): Promise<void> {
    if (performance.now() - this.succeededAt < MAX_AGE_MS) return;
    this.running ??= this.write().finally(() => {
      this.running = null;
    });
    await this.running;
  }

  private async write(): Promise<void> {
    const { pool, location } = this.db;
    const createError = () =>
      new KnockError("unreachable", `the store ${location} did not commit a write within ${MAX_PROBE_MS / 1_000} s`, {
        hint: "Look for a server under too much load, and for long transactions in pg_stat_activity.",
      });
    // Connections of the pool may outlive a changed password or setting, and a new one does not show that the pool is stuck.
    const probes = Promise.all([probeWithPool(pool), probeWithNewConnection(pool.options)]);
    try {
      await withTimeLimit(probes, MAX_PROBE_MS, createError);
      this.succeededAt = performance.now();
    } catch (error) {
      throw this.db.explain(error);
    }
  }
}
