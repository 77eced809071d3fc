import { afterEach, beforeEach, expect, it } from "vitest";
import { PRUNED_TABLES, type PruneResult } from "../../../src/ports/prune-store.js";
import type { Store } from "../../../src/ports/store.js";
import { MIGRATIONS } from "../../../src/store/postgres/connection/migrations.js";
import { migratePostgresStore, openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { HOUR, insertSample, NOW, waitingAt } from "../../contract/store/sample-runs.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

const OLD = NOW - 48 * HOUR;

/** The blocks that have values, and the blocks that have rows. */
const SELECT_BLOCKS = `
  SELECT (SELECT array_agg(DISTINCT block ORDER BY block) FROM block_values) AS recorded,
    (SELECT array_agg(DISTINCT row / 1024 ORDER BY row / 1024)
     FROM (SELECT row FROM recipient_runs UNION ALL SELECT row FROM messages) rows) AS filled`;

describeOnPostgres("the values of blocks", () => {
  let location: string;
  let store: Store | undefined;

  beforeEach(async () => {
    location = await createDatabase();
  });

  afterEach(async () => {
    await store?.close();
    await dropDatabase(location);
  });

  const run = async <Row>(sql: string): Promise<Row[]> =>
    (await withClient(location, (client) => client.query(sql))).rows as Row[];

  async function prune(opened: Store): Promise<void> {
    for (const table of PRUNED_TABLES)
      for (let after: PruneResult["next"] = 0; after !== null; )
        ({ next: after } = await opened.prune({ table, before: NOW - HOUR, after, limit: 2, isDryRun: false }));
  }

  it("are deleted with their last row, and kept for other rows", async () => {
    store = await openPostgresStore(location, { createForTests: true });
    for (let count = 0; count < 4; count++)
      await insertSample(store, { recipients: ["ana"], run: { inserted_at: OLD } });
    await insertSample(store, { recipients: ["ana"], run: { inserted_at: OLD }, recipientRun: waitingAt(NOW + HOUR) });
    await insertSample(store, { recipients: ["bo"] });
    const before = await store.listMessages({ status: "delivered" }, { limit: 50 });
    expect(before.items.length).toBeGreaterThan(4);
    await prune(store);
    await prune(store);
    const [{ recorded, filled } = { recorded: [], filled: [1] }] = await run<{ recorded: number[]; filled: number[] }>(
      SELECT_BLOCKS,
    );
    expect(filled.length).toBeGreaterThanOrEqual(3);
    expect(recorded).toEqual(filled);
    const { items } = await store.listRecipientRuns({ statuses: ["completed", "paused"] }, { limit: 50 });
    expect(items.map(({ recipientRun }) => recipientRun.status)).toEqual(["completed", "paused"]);
  });

  it("get their index in a store of the version before it", async () => {
    const identity =
      "CREATE TABLE knock_store (row integer PRIMARY KEY, version integer NOT NULL, for_tests boolean NOT NULL, uses_waits boolean NOT NULL DEFAULT false)";
    await run(identity);
    await run("INSERT INTO knock_store VALUES (1, 1, false, false)");
    await run(MIGRATIONS[0] as string);
    await migratePostgresStore(location);
    store = await openPostgresStore(location);
    expect(await run("SELECT to_regclass('block_values_by_block')::text AS name")).toEqual([
      { name: "block_values_by_block" },
    ]);
    expect(await run("SELECT version FROM knock_store")).toEqual([{ version: MIGRATIONS.length }]);
  });
});
