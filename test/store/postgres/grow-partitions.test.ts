import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { growPartitions } from "../../../src/store/postgres/connection/grow-partitions.js";
import { MIGRATIONS } from "../../../src/store/postgres/connection/migrations.js";
import {
  getFirstRow,
  getPartitionNumber,
  MAX_PARTITION,
  PARTITIONED_TABLES,
  ROW_SEQUENCES,
} from "../../../src/store/postgres/connection/partitions.js";
import { Transaction } from "../../../src/store/postgres/connection/transaction.js";
import { migratePostgresStore, openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { HOUR, insertSample, NOW, user, waitingAt } from "../../contract/store/sample-runs.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { TO_FIRST_VERSION } from "../../helpers/postgres-tables.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const MONTH = 31 * 24 * HOUR;
const TABLES = PARTITIONED_TABLES.map(({ name }) => name);

const SELECT_BOUNDS = `
  SELECT p.relname AS table, c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relkind = 'p' ORDER BY 1, 2`;

/** Makes the tables those of the version before partitions were created by month. */
const BEFORE_PARTITIONS = `${TO_FIRST_VERSION}; ${MIGRATIONS[1]}; ${MIGRATIONS[2]}; UPDATE knock_store SET version = 3`;

describeOnPostgres("partitions of a PostgreSQL store", () => {
  let location: string;
  let store: Store;
  let db: Connection;
  /** The store's real time. */
  let now = NOW;
  const others: Store[] = [];

  const open = async (): Promise<Store> => {
    const opened = await openPostgresStore(location, { createForTests: true, now: () => now });
    others.push(opened);
    return opened;
  };
  const getConnection = (of: Store): Connection => (of as unknown as { db: Connection }).db;

  beforeEach(async () => {
    now = NOW;
    location = await createStoreDatabase({ createForTests: true });
    store = await open();
    db = getConnection(store);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(others.splice(0).map((opened) => opened.close()));
    await dropDatabase(location);
  });

  const run = async <Row>(sql: string): Promise<Row[]> =>
    (await withClient(location, (client) => client.query(sql))).rows as Row[];
  const readPartitions = () =>
    db.all<{ number: number; began_at: number | null }>("SELECT number, began_at FROM partitions ORDER BY number");
  const readBounds = async (): Promise<Record<string, string[]>> => {
    const rows = await run<{ table: string; name: string; bounds: string }>(SELECT_BOUNDS);
    return Object.fromEntries(
      TABLES.map((name) => [name, rows.filter(({ table }) => table === name).map(({ bounds }) => bounds)]),
    );
  };
  const readRunPartitions = async (): Promise<number[]> =>
    (
      await run<{ number: string }>("SELECT DISTINCT row / 4398046511104 + 1 AS number FROM recipient_runs ORDER BY 1")
    ).map(({ number }) => Number(number));
  const expectedBounds = (...numbers: number[]): string[] =>
    [...numbers.keys(), numbers.length].map((index) => {
      const bound = (at: number, end: string): string =>
        numbers[at] === undefined ? end : `'${getFirstRow(numbers[at])}'`;
      return `FOR VALUES FROM (${bound(index - 1, "MINVALUE")}) TO (${bound(index, "MAXVALUE")})`;
    });

  it("are prepared for the next month, and rows are added to it when the month begins", async () => {
    await insertSample(store, { recipients: ["ana"] });
    await eventually(() => growPartitions(db));
    expect(await readPartitions()).toEqual([
      { number: 1, began_at: NOW },
      { number: 2, began_at: null },
    ]);
    for (const bounds of Object.values(await readBounds())) expect(bounds).toEqual(expectedBounds(2));
    await insertSample(store, { recipients: ["bo"] });
    expect(await readRunPartitions()).toEqual([1]);

    now += MONTH;
    await eventually(() => growPartitions(db));
    await insertSample(store, { recipients: ["cem"], run: { inserted_at: now } });
    expect(await readRunPartitions()).toEqual([1, 2]);
    expect(await readPartitions()).toEqual([
      { number: 1, began_at: NOW },
      { number: 2, began_at: now },
      { number: 3, began_at: null },
    ]);
    for (const bounds of Object.values(await readBounds())) expect(bounds).toEqual(expectedBounds(2, 3));
    // Nothing is left to do in this month.
    now += HOUR;
    await eventually(() => growPartitions(db));
    expect(await readPartitions()).toHaveLength(3);
    const { items } = await store.listRecipientRuns({}, { limit: 9 });
    expect(items.map(({ recipientRun }) => recipientRun.recipient)).toEqual([user("cem"), user("bo"), user("ana")]);
  });

  it("follow a virtual clock", async () => {
    await eventually(() => growPartitions(db));
    await store.writeClock({ offset_ms: MONTH, frozen_at: null });
    await eventually(() => growPartitions(db));
    expect(await readPartitions()).toMatchObject([{ began_at: NOW }, { began_at: NOW + MONTH }, { began_at: null }]);
  });

  it("keep the IDs of messages unique in each partition, and the parameters of storage", async () => {
    await eventually(() => growPartitions(db));
    const found = await run<{ name: string; options: string[] | null; unique: boolean }>(
      `SELECT c.relname AS name, c.reloptions AS options, EXISTS (SELECT 1 FROM pg_indexes WHERE indexname = c.relname || '_by_id') AS unique
       FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' ORDER BY 1`,
    );
    const get = (name: string) => found.find((one) => one.name === name);
    for (const name of TABLES) {
      const [first, second] = [get(`${name}_1`), get(`${name}_2`)];
      expect(second).toEqual({ ...first, name: `${name}_2` });
    }
    expect(get("messages_2")?.unique).toBe(true);
  });

  it("are created once by several processes at a time", async () => {
    const processes = await Promise.all([open(), open(), open()]);
    for (let count = 0; count < 3; count++) {
      await eventually(async () => {
        const done = await Promise.all(processes.map((one) => growPartitions(getConnection(one))));
        return done.includes(true) && (await readPartitions()).length === count + 2;
      });
      now += MONTH;
    }
    for (const bounds of Object.values(await readBounds())) expect(bounds).toEqual(expectedBounds(2, 3, 4));
  });

  it("get rows of several connections across the beginning of a month, none lost and none twice", async () => {
    await eventually(() => growPartitions(db));
    const writers = await Promise.all([open(), open(), open()]);
    let isStopped = false;
    const counts = await (async () => {
      const writing = Promise.all(
        writers.map(async (writer, index) => {
          let count = 0;
          for (; !isStopped || count < 5; count++)
            await insertSample(writer, { recipients: [`user-${index}-${count}`, "ana"], run: { inserted_at: now } });
          return count;
        }),
      );
      await eventually(async () => (await readRunPartitions()).includes(1));
      for (let month = 0; month < 2; month++) {
        now += MONTH;
        await eventually(async () => (await growPartitions(db)) && (await readRunPartitions()).includes(month + 2));
      }
      isStopped = true;
      return writing;
    })();
    const total = counts.reduce((sum, count) => sum + count, 0);
    const rows: number[] = [];
    const found: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page = await store.listRecipientRuns({}, { limit: 7, ...(after === undefined ? {} : { after }) });
      found.push(...page.items.map(({ recipientRun }) => recipientRun.id));
      rows.push(...page.items.map(({ recipientRun }) => recipientRun.inserted_at));
      after = page.page_info.after;
    }
    expect(found).toHaveLength(total * 2);
    expect(new Set(found).size).toBe(total * 2);
    const feed: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page = await store.listFeed(
        { recipient: user("ana") },
        { limit: 7, ...(after === undefined ? {} : { after }) },
      );
      feed.push(...page.items.map(({ message }) => message.id));
      after = page.page_info.after;
    }
    expect(new Set(feed).size).toBe(total);
    expect(feed).toHaveLength(total);
    expect(await readRunPartitions()).toEqual([1, 2, 3]);
    const delivered = await store.listMessages({ status: "delivered", workflow: "new-comment" }, { limit: 500 });
    expect(delivered.items).toHaveLength(Math.min(500, total * 2));
  });

  it("are read by a reader of new messages whose rows are numbered before the month and committed after it", async () => {
    await eventually(() => growPartitions(db));
    const late = await open();
    const { cursor } = await store.readNewMessages(null);
    await insertSample(store, { recipients: ["first"] });
    const first = await store.readNewMessages(cursor);
    expect(first.recipients).toEqual([user("first")]);

    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHeld = false;
    const { copy } = Transaction.prototype;
    vi.spyOn(Transaction.prototype, "copy").mockImplementation(async function (this: Transaction, table, ...rest) {
      await copy.call(this, table, ...rest);
      if (table !== "messages" || isHeld) return;
      isHeld = true;
      await released;
    });
    const writing = insertSample(late, { recipients: ["late"] });
    await eventually(() => isHeld);
    now += MONTH;
    // The table that the open transaction uses cannot be divided yet, but the month has begun.
    await growPartitions(db);
    expect((await readPartitions())[1]).toEqual({ number: 2, began_at: now });
    await insertSample(store, { recipients: ["early"] });
    const during = await store.readNewMessages(first.cursor);
    release();
    await writing;
    const after = await store.readNewMessages(during.cursor);
    expect([...(during.recipients ?? []), ...(after.recipients ?? [])].toSorted()).toEqual([
      user("early"),
      user("late"),
    ]);
    expect((await store.readNewMessages(after.cursor)).recipients).toEqual([]);
    await eventually(() => growPartitions(db));
    expect(await readPartitions()).toHaveLength(3);
  });

  it("continue after a crash at any statement", async () => {
    await insertSample(store, { recipients: ["ana"] });
    await eventually(() => growPartitions(db));
    now += MONTH;
    let isEnded = false;
    for (let allowed = 0; !isEnded; allowed++) {
      let count = 0;
      const { all } = Transaction.prototype;
      const spy = vi.spyOn(Transaction.prototype, "all").mockImplementation(async function (
        this: Transaction,
        ...args
      ) {
        if (/ALTER|CREATE|setval/.test(args[0]) && count++ === allowed) throw new Error("crashed");
        return all.apply(this, args as [string]) as never;
      });
      isEnded = await growPartitions(db).catch((error: Error) => {
        expect(error.message).toBe("crashed");
        return false;
      });
      spy.mockRestore();
      // Each state between two steps accepts rows.
      await insertSample(store, { recipients: ["bo"] });
      expect(allowed).toBeLessThan(60);
    }
    for (const bounds of Object.values(await readBounds())) expect(bounds).toEqual(expectedBounds(2, 3));
    expect(await run("SELECT 1 FROM pg_constraint WHERE conname LIKE 'before_partition%'")).toEqual([]);
    expect(await readRunPartitions()).toEqual([1, 2]);
  });

  it("are divided without a scan of rows under the lock, and not while the table is in use", async () => {
    await insertSample(store, { recipients: ["ana"] });
    const name = new URL(location).pathname.slice(1);
    await run(`ALTER DATABASE ${name} SET client_min_messages = debug1`);
    const notices: string[] = [];
    const observed = getConnection(await open());
    observed.pool.on("acquire", (client) => {
      client.removeAllListeners("notice");
      client.on("notice", ({ message }) => message && notices.push(message));
    });
    const isGrown = await withClient(location, async (client) => {
      await client.query("BEGIN; SELECT 1 FROM messages");
      return growPartitions(observed);
    });
    expect(isGrown).toBe(false);
    expect(await readPartitions()).toEqual([{ number: 1, began_at: NOW }]);
    await eventually(() => growPartitions(observed));
    for (const table of TABLES)
      expect(notices).toContain(`partition constraint for table "${table}_1" is implied by existing constraints`);
  });

  it("begin by themselves when their rows are reached", async () => {
    await eventually(() => growPartitions(db));
    await run(`SELECT setval('row_blocks', ${getFirstRow(2) / 1024 - 1})`);
    await insertSample(store, { recipients: ["ana"] });
    await insertSample(store, { recipients: ["bo"] });
    expect(await readRunPartitions()).toEqual([2]);
    now += HOUR;
    await eventually(() => growPartitions(db));
    expect(await readPartitions()).toEqual([
      { number: 1, began_at: NOW },
      { number: 2, began_at: now },
      { number: 3, began_at: null },
    ]);
    const positions = await run<{ reached: number }>(
      ROW_SEQUENCES.map(({ name, rowsPerValue }) => `SELECT last_value * ${rowsPerValue} AS reached FROM ${name}`).join(
        " UNION ALL ",
      ),
    );
    for (const { reached } of positions) expect(getPartitionNumber(Number(reached))).toBe(2);
  });

  it("are added to a store of the version before them, whose rows are older", async () => {
    await insertSample(store, { recipients: ["ana"], recipientRun: waitingAt(NOW + HOUR) });
    await run(BEFORE_PARTITIONS);
    await migratePostgresStore(location);
    const updated = await open();
    await eventually(() => growPartitions(getConnection(updated)));
    await insertSample(updated, { recipients: ["bo"] });
    expect(await readPartitions()).toEqual([
      { number: 1, began_at: 0 },
      { number: 2, began_at: expect.any(Number) },
      { number: 3, began_at: null },
    ]);
    const { items } = await updated.listRecipientRuns({}, { limit: 9 });
    expect(items.map(({ recipientRun }) => recipientRun.status)).toEqual(["completed", "paused"]);
    expect(await readRunPartitions()).toEqual([1, 2]);
  });

  it("contain the rows of a copied store that begin far above the first partition", async () => {
    await run(`SELECT setval('row_blocks', ${getFirstRow(5) / 1024 + 5_000})`);
    await insertSample(store, { recipients: ["ana"] });
    await eventually(() => growPartitions(db));
    for (const bounds of Object.values(await readBounds())) expect(bounds).toEqual(expectedBounds(6));
    now += MONTH;
    await eventually(() => growPartitions(db));
    await insertSample(store, { recipients: ["bo"] });
    expect(await readRunPartitions()).toEqual([5, 6]);
  });

  it("end before rows are no longer safe as numbers", async () => {
    await run(`SELECT setval('row_blocks', ${getFirstRow(MAX_PARTITION) / 1024 + 5})`);
    await insertSample(store, { recipients: ["ana"] });
    await eventually(() => growPartitions(db));
    expect(await readPartitions()).toEqual([{ number: 1, began_at: NOW }]);
    const [row] = await run<{ row: string }>("SELECT max(row) AS row FROM messages");
    expect(Number.isSafeInteger(Number(row?.row))).toBe(true);
  });
});
