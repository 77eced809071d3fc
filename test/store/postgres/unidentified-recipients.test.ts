import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { copyTables } from "../../../src/features/store/copy-tables.js";
import type { Store } from "../../../src/ports/store.js";
import { openPostgresStore, openPostgresTables } from "../../../src/store/postgres/open-postgres-store.js";
import { openSqliteTables } from "../../../src/store/sqlite/copy/sqlite-tables.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { HOUR, NOW, SINCE, sampleTrigger, user } from "../../contract/store/sample-runs.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

describeOnPostgres("recipients of a fan-out that were never identified", () => {
  let location: string;
  let store: Store;
  let id: string;

  const run = async <Row>(sql: string): Promise<Row[]> =>
    (await withClient(location, (client) => client.query(sql))).rows as Row[];
  const readIds = async (opened: Store) => (await opened.readWorkflowRun(id))?.unidentified;

  /** Inserts a trigger with one such recipient, and two chunks with one each. */
  beforeEach(async () => {
    location = await createDatabase();
    store = await openPostgresStore(location);
    const listed = [{ key: user("x"), trigger_data: null }];
    const rest = (after: number) => ({ listed, objects: [], after });
    const started = { ...sampleTrigger({ recipients: [], message: null }), unidentified: [user("first")] };
    await store.insertWorkflowRun({ ...started, fanOut: { rest: rest(1), claim: claimAt(NOW, "t1") } }, SINCE);
    id = started.run.id;
    const nothing = { recipientRuns: [], messages: [], batches: new Map(), upserts: [], triggers: [] };
    for (const [unidentified, after] of [
      [["second"], 2],
      [["third"], null],
    ] as const)
      await store.insertFanOutChunk(
        {
          workflow_run_id: id,
          at: NOW,
          ...nothing,
          frequencyRecords: [],
          throttles: [],
          unidentified: unidentified.map(user),
          rest: after === null ? null : rest(after),
        },
        "t1",
        HOUR,
      );
  });

  afterEach(async () => {
    await store.close();
    await dropDatabase(location);
  });

  it("are written once, by their chunk, and those that an older version appends to its list are kept", async () => {
    expect(await readIds(store)).toEqual(["first", "second", "third"].map(user));
    expect(await run("SELECT unidentified FROM workflow_runs")).toEqual([{ unidentified: '["$users/first"]' }]);
    expect(await run("SELECT recipients FROM unidentified_recipients ORDER BY row")).toEqual([
      { recipients: '["$users/second"]' },
      { recipients: '["$users/third"]' },
    ]);
    await run(`UPDATE workflow_runs SET unidentified = '["$users/first","$users/old"]'`);
    expect(await readIds(store)).toEqual(["first", "old", "second", "third"].map(user));
  });

  it("are copied with their trigger", async () => {
    await store.close();
    const folder = mkdtempSync(join(tmpdir(), "knock-unidentified-"));
    const file = join(folder, "copy.db");
    const [from, to] = [await openPostgresTables(location, { readOnly: true }), openSqliteTables(file)];
    await copyTables(from, to, () => {});
    await from.close();
    await to.close();
    const copy = await openSqliteStore(file);
    expect(await readIds(copy)).toEqual(["first", "second", "third"].map(user));
    await copy.close();
    rmSync(folder, { recursive: true });
    store = await openPostgresStore(location);
  });

  it("are deleted with their trigger, by prune and by a reset", async () => {
    const prune = { table: "workflow_runs", before: NOW + HOUR, after: 0, limit: 10 } as const;
    await store.prune({ ...prune, isDryRun: true });
    expect(await readIds(store)).toHaveLength(3);
    await store.prune({ ...prune, isDryRun: false });
    expect(await run("SELECT 1 FROM unidentified_recipients")).toEqual([]);
    await run(`INSERT INTO unidentified_recipients (workflow_run, recipients) VALUES (1, '[]')`);
    await store.clear({ keepRecipients: true });
    expect(await run("SELECT 1 FROM unidentified_recipients")).toEqual([]);
  });
});
