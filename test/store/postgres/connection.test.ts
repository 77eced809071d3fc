import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { allocateRows } from "../../../src/store/postgres/connection/allocate-rows.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { LOCK_WAITS_SHARED } from "../../../src/store/postgres/connection/transaction.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { processEvents } from "../../../src/store/postgres/run/waits.js";
import { createDatabase, describeOnPostgres, PostgresServer, withClient } from "../../helpers/postgres-server.js";

async function openConnection(): Promise<{ db: Connection; close: () => Promise<void>; location: string }> {
  const location = await createDatabase();
  const store = await openPostgresStore(location, { createForTests: true });
  return { db: (store as unknown as { db: Connection }).db, close: () => store.close(), location };
}

describeOnPostgres("the connection to PostgreSQL", () => {
  it("numbers the rows of one transaction in one range, and never twice", async () => {
    const { db, close } = await openConnection();
    const many = await db.write((tx) => allocateRows(tx, 1_500));
    expect(many.at(-1)! - many[0]!).toBe(1_499);
    const lists = await Promise.all([3, 1, 1_024].map((count) => db.write((tx) => allocateRows(tx, count))));
    const all = [...many, ...lists.flat()];
    expect(new Set(all).size).toBe(all.length);
    await close();
  });

  it("copies rows with every character that COPY treats specially", async () => {
    const { db, close } = await openConnection();
    const values = ["\\", "\\N", "\t\n\r", "é ✓ 𝒳", '{"a":"\\"\\n"}', ""];
    await db.write((tx) =>
      tx.copy(
        "seeds",
        ["file", "digest", "applied_at"],
        values.map((value, index) => [String(index), value, index]),
      ),
    );
    expect(await db.all("SELECT digest FROM seeds ORDER BY file")).toEqual(values.map((digest) => ({ digest })));
    expect(await db.getOne("SELECT count(*) AS count FROM seeds")).toEqual({ count: values.length });
    await expect(db.getOne("SELECT file FROM seeds WHERE file = 'missing'")).rejects.toThrow("no row: SELECT file");
    await close();
  });

  it("repeats transactions that block each other", async () => {
    const { db, close } = await openConnection();
    await db.write((tx) => tx.run("INSERT INTO seeds SELECT x, '', 0 FROM unnest(ARRAY['a', 'b']) x"));
    const ends: (() => void)[] = [];
    let attempts = 0;
    const swap = (first: string, second: string) =>
      db.write(async (tx) => {
        attempts++;
        await tx.run("UPDATE seeds SET applied_at = applied_at + 1 WHERE file = $1", first);
        // Both hold their first row before either asks for its second.
        if (attempts <= 2) {
          await new Promise<void>((resolve) => {
            if (ends.push(resolve) === 2) for (const end of ends) end();
          });
        }
        await tx.run("UPDATE seeds SET applied_at = applied_at + 1 WHERE file = $1", second);
      });
    await Promise.all([swap("a", "b"), swap("b", "a")]);
    expect(attempts).toBe(3);
    expect(await db.all("SELECT applied_at FROM seeds")).toEqual([{ applied_at: 2 }, { applied_at: 2 }]);
    await close();
  });

  it("repeats the first wait of a store while another transaction takes longer than a lock may", async () => {
    const { db, close } = await openConnection();
    const other = await db.pool.connect();
    await other.query(`BEGIN; ${LOCK_WAITS_SHARED}`);
    const codes: string[] = [];
    db.onRepeat = (code) => {
      codes.push(code);
      void other.query("COMMIT");
    };
    const wait = { awaited: "seen", recipient: null, from: 0, until: 1, seen: null };
    await db.write((tx) => processEvents(tx, [], [{ row: 1, wait, position: 0 }]));
    expect(codes).toEqual(["40001"]);
    expect(await db.all("SELECT recipient_run, uses_waits FROM waits, knock_store")).toEqual([
      { recipient_run: 1, uses_waits: true },
    ]);
    other.release();
    await close();
  });

  it("does not repeat a transaction whose COMMIT succeeded before the connection was lost", async () => {
    const { db, close } = await openConnection();
    const query = pg.Client.prototype.query as (...args: unknown[]) => Promise<unknown>;
    let cuts = 0;
    let attempts = 0;
    const cut = async function (this: { connection: { stream: { destroy(): void } } }, ...args: unknown[]) {
      if (args[0] !== "COMMIT" || cuts > 0) return query.apply(this, args);
      cuts++;
      await query.apply(this, args);
      this.connection.stream.destroy();
      throw new Error("Connection terminated unexpectedly");
    };
    pg.Client.prototype.query = cut as never;
    try {
      const result = await db.write(async (tx) => {
        attempts++;
        await tx.run("INSERT INTO seeds VALUES ('once', '', $1)", attempts);
        return `attempt ${attempts}`;
      });
      expect(result).toBe("attempt 1");
    } finally {
      pg.Client.prototype.query = query as never;
    }
    expect([cuts, await db.all("SELECT applied_at FROM seeds")]).toEqual([1, [{ applied_at: 1 }]]);
    await close();
  });

  it.each([0, 50])(
    "repeats a transaction that a crash of the server has lost, although %i others were committed since",
    async (others) => {
      const server = await PostgresServer.start();
      const location = server.getUrl("postgres");
      const store = await openPostgresStore(location);
      const { db } = store as unknown as { db: Connection };
      await db.write((tx) => tx.run("INSERT INTO seeds VALUES ('before', '', 0)"));
      let attempts = 0;
      await db.write(async (tx) => {
        attempts++;
        if (attempts === 1) {
          // Nothing of the transaction was written, so the server gives its ID again.
          await server.stop("immediate");
          await server.resume();
          await withClient(location, async (client) => {
            for (let count = 0; count < others; count++) await client.query("SELECT pg_current_xact_id()");
          });
          return;
        }
        await tx.run("INSERT INTO seeds VALUES ('once', '', $1)", attempts);
      });
      expect(await db.all("SELECT file, applied_at FROM seeds WHERE file = 'once'")).toEqual([
        { file: "once", applied_at: 2 },
      ]);
      await store.close();
      await server.remove();
    },
  );

  it("tries a transaction up to five times, with its limits", async () => {
    const { db, close } = await openConnection();
    const names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
    const limits: unknown[] = [];
    const attempt = db.write(async (tx) => {
      limits.push(
        await tx.all(`SELECT ${names.map((name) => `current_setting('${name}')`).join(" || ' ' || ")} AS all`),
      );
      await tx.run("DO $$ BEGIN RAISE EXCEPTION 'blocked' USING ERRCODE = 'deadlock_detected'; END $$");
    });
    await expect(attempt).rejects.toThrow("blocked");
    expect(limits).toEqual(Array(5).fill([{ all: "30s 5s 10s" }]));
    await close();
  });

  it("repeats a transaction whose connection is lost before COMMIT", async () => {
    const { db, close } = await openConnection();
    let attempts = 0;
    await db.write(async (tx) => {
      attempts++;
      await tx.run("INSERT INTO seeds VALUES ('once', '', $1)", attempts);
      if (attempts === 1) await tx.run("SELECT pg_terminate_backend(pg_backend_pid())");
    });
    expect(await db.all("SELECT applied_at FROM seeds")).toEqual([{ applied_at: 2 }]);
    await close();
  });

  it("waits for a server that is away as long as it may, and then tries once until it is back", async () => {
    const server = await PostgresServer.start();
    onTestFinished(() => server.remove());
    const store = await openPostgresStore(server.getUrl("postgres"), { maxOutageMs: 1_000 });
    const { db } = store as unknown as { db: Connection };
    let repeats = 0;
    db.onRepeat = () => repeats++;
    const read = () => db.get("SELECT 1 AS one");
    await server.stop();
    await expect(read()).rejects.toThrow("is not reachable");
    expect(repeats).toBeGreaterThan(0);
    // The pauses double from 25 milliseconds or more.
    expect(repeats).toBeLessThan(8);
    repeats = 0;
    await expect(read()).rejects.toThrow("is not reachable");
    expect(repeats).toBe(0);
    await server.resume();
    expect(await read()).toEqual({ one: 1 });
    await store.close();
  });
});
