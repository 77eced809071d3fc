import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { RecipientKey } from "../../../src/domain/recipient/recipient.js";
import { type CopiedTable, copyTables } from "../../../src/features/store/copy-tables.js";
import type { Store } from "../../../src/ports/store.js";
import type { StoredTable, StoredValue, StoreTables } from "../../../src/ports/store-tables.js";
import { Connection } from "../../../src/store/postgres/connection/connection.js";
import { growPartitions } from "../../../src/store/postgres/connection/grow-partitions.js";
import { openPostgresStore, openPostgresTables } from "../../../src/store/postgres/open-postgres-store.js";
import { STORED_TABLES } from "../../../src/store/rows/stored-tables.js";
import { openDatabase } from "../../../src/store/sqlite/connection/driver.js";
import { openSqliteTables } from "../../../src/store/sqlite/copy/sqlite-tables.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { applyRandomOperation, createRandom } from "../../contract/store/random-operations.js";
import { joinSample } from "../../contract/store/sample-batches.js";
import { HOUR, insertSample, NOW, user } from "../../contract/store/sample-runs.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

const folder = mkdtempSync(join(tmpdir(), "knock-copy-"));
let files = 0;
const newFile = (): string => join(folder, `store-${files++}.db`);

/** Columns that only one kind of store has, with the reason in `docs/decisions/0065-table-versions-and-copies-of-stores.md`. */
const OWN_COLUMNS = {
  sqlite: [
    ...["recipient_runs.workflow_name", "recipient_runs.tenant_name", "messages.workflow_name", "messages.tenant_name"],
  ],
  postgres: [
    "recipient_runs.shard",
    "recipient_runs.revision",
    "messages.shard",
    "template_sources.digest",
    "outbound_events.position",
  ],
};
const OWN_TABLES = {
  sqlite: ["clock", "names", "crashed_claims"],
  postgres: [
    "clock",
    "knock_store",
    "workers",
    "delayed_jobs",
    "partitions",
    "block_values",
    "kept_feeds",
    "feed_counts",
    "crash_mark",
    "crashed_claims",
    "call_counts",
    "kept_results",
    "unidentified_recipients",
  ],
};
const isLease = (column: string): boolean => /\.(?:claim_token|claim_until|xid)$/.test(column);

const listColumns = (): string[] =>
  STORED_TABLES.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column}`));

/**
 * Opens a copy of a file: SQLite closes a connection of this process only when its statements are collected, until then the
 * file is in use.
 */
function openSource(file: string): StoreTables {
  const unused = newFile();
  copyFileSync(file, unused);
  return openSqliteTables(unused);
}

/** Copies a store and closes both sides. */
async function copy(from: StoreTables, to: StoreTables): Promise<CopiedTable[]> {
  try {
    return await copyTables(from, to, () => {});
  } finally {
    await from.close();
    await to.close();
  }
}

const withoutDigests = (copied: readonly CopiedTable[]) => copied.map(({ table, rows }) => [table, rows]);

/** Creates a store with runs, messages, feeds, batches and recipients. */
async function fillStore(location: string): Promise<void> {
  const store = await openSqliteStore(location, { watchUsers: true });
  const random = createRandom(11);
  for (let count = 0; count < 120; count++) await applyRandomOperation(store, random);
  for (let index = 0; index < 3; index++)
    await joinSample(store, {
      key: `batch-${index} ${"x".repeat(index * 3_000)}`,
      actor: `user-${index}`,
      data: { index, text: 'a\tb\\n\n"é' },
    });
  await store.close();
}

/** Reads what commands and the API show. */
async function readStore(store: Store): Promise<unknown> {
  const users = ["ana", "bo", "cem", "dee", "eli", "fay"].map((id) => user(id) as RecipientKey);
  const runs = await store.listRecipientRuns({}, { limit: 500 });
  return {
    runs,
    messages: await store.listMessages({}, { limit: 500 }),
    delivered: await store.listMessages({ status: "delivered" }, { limit: 500 }),
    recipients: await store.readRecipients(users),
    nextDueAt: await store.readNextDueAt(),
  };
}

/** Inserts a row into each table with a value in each column, and rows with null where a column accepts it. */
async function insertEveryColumn(location: string): Promise<void> {
  const tables = openSqliteTables(location);
  await tables.write(async (target) => {
    for (const table of STORED_TABLES)
      await target.writeRows(
        table,
        (table.name === "outbound_watch" ? [1] : [1, 2]).map((number) => createRow(table, number)),
      );
  });
}

const NUMBERS =
  /^(?:row|at|depth|version|guide|workflow_run|error_count|batch|open|waiting_run|items|removed|passes|passed|attempts|channel|archived|total|unread|unseen|first|last|recipient_run|template_sources)$|_at$|_until$/;
const TEXTS = new Set(["channels.key", "outbound_events.recipient_run", "messages.batch", "delivery_logs.message"]);

function createRow({ name, columns }: StoredTable, number: number): StoredValue[] {
  return columns.map((column) => {
    if ((NUMBERS.test(column) || `${name}.${column}` === "outbound_taken.event") && !TEXTS.has(`${name}.${column}`))
      return column === "open" ? 0 : number;
    return `${column} ${number}\t\\\n"é`;
  });
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeOnPostgres("copying a store", () => {
  let source: string;
  beforeAll(async () => {
    source = newFile();
    await fillStore(source);
  });

  it("names every column of both kinds of stores", async () => {
    const file = newFile();
    await insertEveryColumn(file);
    const database = await openDatabase(file, { readOnly: true });
    const found = database
      .prepare(
        "SELECT t.name || '.' || c.name AS name, t.name AS table_name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
      )
      .all() as { name: string; table_name: string }[];
    database.close();
    const location = await createDatabase();
    await (await openPostgresStore(location)).close();
    const { rows } = await withClient(location, (client) =>
      client.query(
        "SELECT c.relname || '.' || a.attname AS name, c.relname AS table_name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition",
      ),
    );
    const known = new Set(listColumns());
    for (const [kind, columns] of [
      ["sqlite", found],
      ["postgres", rows],
    ] as const) {
      const others = columns.filter(
        ({ name, table_name }) => !known.has(name) && !OWN_TABLES[kind].includes(table_name) && !isLease(name),
      );
      expect(others.map(({ name }) => name).sort()).toEqual([...OWN_COLUMNS[kind]].sort());
      const names = new Set(columns.map(({ name }) => name));
      expect(listColumns().filter((name) => !names.has(name))).toEqual([]);
    }
    await dropDatabase(location);
  });

  it("keeps every column in both directions", async () => {
    const [file, back, database] = [newFile(), newFile(), await createDatabase()];
    await insertEveryColumn(file);
    const there = await copy(openSource(file), await openPostgresTables(database, { readOnly: false }));
    expect(there.map(({ rows }) => rows)).toEqual(STORED_TABLES.map(({ name }) => (name === "outbound_watch" ? 1 : 2)));
    expect(await copy(await openPostgresTables(database, { readOnly: true }), openSqliteTables(back))).toEqual(there);
    await dropDatabase(database);
  });

  it("gives equal reads after a round trip", async () => {
    const [back, database] = [newFile(), await createDatabase()];
    const there = await copy(openSource(source), await openPostgresTables(database, { readOnly: false }));
    const returned = await copy(await openPostgresTables(database, { readOnly: true }), openSqliteTables(back));
    expect(withoutDigests(returned)).toEqual(withoutDigests(there));
    expect(there.find(({ table }) => table === "recipient_runs")?.rows).toBeGreaterThan(100);
    const [before, after] = [await openSqliteStore(source), await openSqliteStore(back)];
    expect(await readStore(after)).toEqual(await readStore(before));
    await before.close();
    await after.close();
    await dropDatabase(database);
  });

  it("continues row numbers above the copied ones", async () => {
    const database = await createDatabase();
    await copy(openSource(source), await openPostgresTables(database, { readOnly: false }));
    const read = (sql: string) => withClient(database, async (client) => (await client.query(sql)).rows[0]);
    const { block, newest } = await read(
      "SELECT nextval('row_blocks') * 1024 AS block, (SELECT max(row) FROM messages) AS newest",
    );
    expect(Number(block)).toBeGreaterThan(Number(newest));
    const { next, last } = await read(
      "SELECT nextval(pg_get_serial_sequence('recipients', 'row')) AS next, (SELECT max(row) FROM recipients) AS last",
    );
    expect(Number(next)).toBe(Number(last) + 1);
    await dropDatabase(database);
  });

  it("copies the rows of several partitions, and continues above them", async () => {
    const [file, from, to] = [newFile(), await createDatabase(), await createDatabase()];
    await copy(openSource(source), await openPostgresTables(from, { readOnly: false }));
    const grow = async (location: string) => {
      const store = await openPostgresStore(location);
      const { db } = store as unknown as { db: Connection };
      await eventually(() => growPartitions(db));
      // A month has passed.
      await db.run("UPDATE partitions SET began_at = 0 WHERE number = 1");
      await eventually(() => growPartitions(db));
      await insertSample(store, { recipients: ["ana", "bo"] });
      await joinSample(store, { actor: "user-7" });
      const read = await readStore(store);
      await store.close();
      return read;
    };
    const before = await grow(from);
    const there = await copy(await openPostgresTables(from, { readOnly: true }), openSqliteTables(file));
    expect(await copy(openSource(file), await openPostgresTables(to, { readOnly: false }))).toEqual(there);
    const sqlite = await openSqliteStore(file);
    expect(await readStore(sqlite)).toEqual(before);
    await insertSample(sqlite, { recipients: ["cem"] });
    expect((await sqlite.listMessages({}, { limit: 1 })).items).toMatchObject([{ recipient: user("cem") }]);
    await sqlite.close();
    const store = await openPostgresStore(to);
    expect(await readStore(store)).toEqual(before);
    await store.close();
    await grow(to);
    const { rows } = await withClient(to, (client) =>
      client.query("SELECT (SELECT max(row) FROM messages) > (SELECT max(row) FROM messages_1) AS isLater"),
    );
    expect(rows).toEqual([{ islater: true }]);
    for (const location of [from, to]) await dropDatabase(location);
  });

  it("continues a batch after a round trip", async () => {
    const [back, database] = [newFile(), await createDatabase()];
    await copy(openSource(source), await openPostgresTables(database, { readOnly: false }));
    await copy(await openPostgresTables(database, { readOnly: true }), openSqliteTables(back));
    const contents = [];
    for (const location of [source, back]) {
      const store = await openSqliteStore(location);
      await joinSample(store, { key: "batch-0 ", actor: "user-9", at: NOW + 1, data: { last: true } });
      const { items } = await store.listRecipientRuns({ workflow: "digest" }, { limit: 50 });
      contents.push(items.length);
      await store.close();
      const reopened = await openDatabase(location, { readOnly: true });
      contents.push(
        reopened
          .prepare("SELECT substr(key, 1, 8) AS key, items, closes_at FROM batches WHERE open = 1 ORDER BY key")
          .all()
          .map((row) => ({ ...(row as object) })),
      );
      reopened.close();
    }
    expect(contents[2]).toEqual(contents[0]);
    expect(contents[3]).toEqual(contents[1]);
    expect(contents[3]).toContainEqual(expect.objectContaining({ key: "batch-0 ", items: 2 }));
    await dropDatabase(database);
  });

  it("refuses a target that is not empty, and a source that another process uses", async () => {
    const database = await createDatabase();
    const used = await openSqliteStore(source);
    await used.readClock();
    const inUse = await catchRejection(
      copy(openSqliteTables(source), await openPostgresTables(database, { readOnly: false })),
    );
    expect(inUse).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("another process uses the store"),
    });
    await used.close();
    await copy(openSource(source), await openPostgresTables(database, { readOnly: false }));
    const full = await catchRejection(
      copy(openSource(source), await openPostgresTables(database, { readOnly: false })),
    );
    expect(full).toMatchObject({ code: "conflict", message: expect.stringContaining("is not empty") });
    const store = await openPostgresStore(database);
    await withClient(database, async (client) => {
      await client.query("SET application_name = 'knock'");
      const back = newFile();
      expect(
        await catchRejection(copy(await openPostgresTables(database, { readOnly: true }), openSqliteTables(back))),
      ).toMatchObject({ code: "conflict" });
      expect(existsSync(back)).toBe(false);
    });
    await store.close();
    await dropDatabase(database);
  });

  it("waits for a session that is about to end", async () => {
    const database = await createDatabase();
    const tables = await openPostgresTables(database, { readOnly: false });
    const looks = vi.spyOn(Connection.prototype, "get");
    let reading: Promise<string> | undefined;
    await withClient(database, async (client) => {
      await client.query("SET application_name = 'knock'");
      reading = tables.read(async () => "read");
      await eventually(() => looks.mock.calls.length > 1);
    });
    expect(await reading).toBe("read");
    looks.mockRestore();
    await tables.close();
    await dropDatabase(database);
  });

  it("copies nothing if it ends early", async () => {
    const [from, database] = [openSource(source), await createDatabase()];
    const to = await openPostgresTables(database, { readOnly: false });
    const stop = new Error("stopped");
    const onProgress = ({ table }: { table: string }): void => {
      if (table === "messages") throw stop;
    };
    await expect(copyTables(from, to, onProgress)).rejects.toBe(stop);
    // Refused unless every table is empty.
    await to.write(async () => {});
    await to.close();
    await dropDatabase(database);
  });

  it("replaces a character that PostgreSQL cannot store", async () => {
    const database = await createDatabase();
    const to = await openPostgresTables(database, { readOnly: false });
    const seeds = STORED_TABLES.find(({ name }) => name === "seeds") as StoredTable;
    await to.write((target) => target.writeRows(seeds, [["a\u0000b", "digest", null, 1]]));
    const { rows } = await withClient(database, (client) => client.query("SELECT file FROM seeds"));
    expect(rows).toEqual([{ file: "a\uFFFDb" }]);
    await to.close();
    await dropDatabase(database);
  });

  it("refuses a virtual clock, which a PostgreSQL store cannot have", async () => {
    const [file, database] = [newFile(), await createDatabase()];
    const store = await openSqliteStore(file);
    await store.writeClock({ offset_ms: HOUR, frozen_at: null });
    await store.close();
    expect(
      await catchRejection(copy(openSource(file), await openPostgresTables(database, { readOnly: false }))),
    ).toMatchObject({ code: "not_supported" });
    await dropDatabase(database);
  });
});
