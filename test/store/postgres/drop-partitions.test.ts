import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Guide } from "../../../src/domain/guide/guide.js";
import type { DeliveryLog } from "../../../src/domain/message/delivery-log.js";
import { requeueMessage } from "../../../src/domain/message/requeue-message.js";
import { NO_PRUNED_ROWS, PRUNED_TABLES, type PrunedCounts, type PruneResult } from "../../../src/ports/prune-store.js";
import type { Store } from "../../../src/ports/store.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { growPartitions } from "../../../src/store/postgres/connection/grow-partitions.js";
import { Transaction } from "../../../src/store/postgres/connection/transaction.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { STORED_TABLES } from "../../../src/store/rows/stored-tables.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { applyRandomOperation, createRandom } from "../../contract/store/random-operations.js";
import { joinSample } from "../../contract/store/sample-batches.js";
import { HOUR, insertSample, NOW, sampleMessage, saveAll, user, waitingAt } from "../../contract/store/sample-runs.js";
import { eventually } from "../../helpers/eventually.js";
import {
  createDatabase,
  describeOnPostgres,
  dropDatabase,
  ROLE_WITH_PASSWORD,
  withClient,
} from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const MONTH = 31 * 24 * HOUR;
/** Later than the end of all runs of the first three months. */
const BEFORE = NOW + 3 * MONTH + HOUR;

const SELECT_PARTITIONS = `
  SELECT c.relname AS name FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' ORDER BY 1`;
/** The blocks of rows that lists by values do not find: those of guides. */
const SELECT_MISSING_BLOCKS = `
  SELECT row / 1024 FROM (SELECT row FROM recipient_runs UNION SELECT row FROM messages) rows
  EXCEPT SELECT block FROM block_values ORDER BY 1`;
const SELECT_EMPTY_BLOCKS = `
  SELECT block FROM block_values EXCEPT SELECT row / 1024 FROM (SELECT row FROM recipient_runs UNION SELECT row FROM messages) rows ORDER BY 1`;

const GUIDE_VERSION = "00000000-0000-5000-8000-000000000001";
const GUIDE: Guide = {
  key: "tour",
  name: "Tour",
  channel_key: "tours",
  type: "banner",
  semver: "0.0.1",
  active: true,
  active_from: null,
  active_until: null,
  target_audience_key: null,
  tenancy_strict_mode: false,
  scope: "global",
  target_property_conditions: null,
  activation_url_patterns: [],
  steps: [],
  managed: false,
};

const getConnection = (store: Store): Connection => (store as unknown as { db: Connection }).db;

describeOnPostgres("pruning by dropping partitions", () => {
  const databases: string[] = [];
  const stores: Store[] = [];
  let location: string;
  let store: Store;
  let now = NOW;

  const open = async (at: string): Promise<Store> => {
    const opened = await openPostgresStore(at, { createForTests: true, now: () => now });
    stores.push(opened);
    return opened;
  };

  beforeEach(async () => {
    now = NOW;
    location = await createStoreDatabase({ createForTests: true });
    databases.push(location);
    store = await open(location);
    await eventually(() => growPartitions(getConnection(store)));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(stores.splice(0).map((opened) => opened.close()));
    await Promise.all(databases.splice(0).map(dropDatabase));
  });

  const run = async <Row>(sql: string, at = location): Promise<Row[]> =>
    (await withClient(at, (client) => client.query(sql))).rows as Row[];
  const listPartitions = async (table: string): Promise<string[]> =>
    (await run<{ name: string }>(SELECT_PARTITIONS)).map(({ name }) => name).filter((name) => name.startsWith(table));

  /** Moves the store's time, and adds rows to the next partition from now on. */
  async function beginMonth(): Promise<void> {
    now += MONTH;
    await eventually(() => growPartitions(getConnection(store)));
  }

  /** Prunes as the command does, a few rows at a time. */
  async function prune(
    from: Store,
    { limit = 20, before = BEFORE, drops = true, isDryRun = false } = {},
  ): Promise<PrunedCounts & { warnings: string[] }> {
    const counts = { ...NO_PRUNED_ROWS, warnings: [] as string[] };
    for (const table of PRUNED_TABLES.filter((name) => drops || name !== "partitions"))
      for (let after: PruneResult["next"] = 0; after !== null; ) {
        const result: PruneResult = await from.prune({ table, before, after, limit, isDryRun });
        for (const [name, count] of Object.entries(result.counts)) counts[name as keyof PrunedCounts] += count;
        if (result.warning !== undefined) counts.warnings.push(result.warning);
        after = result.next;
      }
    return counts;
  }

  /** Reads all rows of a database. */
  async function readRows(at: string): Promise<Record<string, unknown[]>> {
    const rows: Record<string, unknown[]> = {};
    for (const { name } of STORED_TABLES)
      rows[name] = (await run<{ text: string }>(`SELECT row_to_json(t)::text AS text FROM ${name} t`, at))
        .map(({ text }) => text)
        .sort();
    return rows;
  }

  /** Fills three months with runs of all kinds, and a few rows of the fourth. */
  async function fillMonths(seed: number): Promise<void> {
    const random = createRandom(seed);
    for (let month = 0; month < 4; month++) {
      for (let count = 0; count < (month === 3 ? 8 : 40); count++) await applyRandomOperation(store, random);
      for (const key of ["open", "other"]) {
        await joinSample(store, { key, actor: `user-${month}`, at: NOW, closes_at: NOW + HOUR });
        await joinSample(store, { key: `${key}-${month}`, actor: "ada", at: NOW, closes_at: NOW });
      }
      const { items } = await store.listMessages({}, { limit: 30 });
      const logs = items.map(({ id }, index) => ({
        id: `log-${month}-${index}`,
        message_id: id,
        service_name: "smtp",
        at: NOW,
        request: { host: "mail.example.com" },
        response: { status: 200 },
      }));
      await store.saveMessages([], "", logs as unknown as DeliveryLog[]);
      await run(`INSERT INTO message_secrets SELECT id, '{}' FROM messages ON CONFLICT DO NOTHING`);
      // Runs that waited for a month join a batch.
      await run(`INSERT INTO batch_activities (batch, recipient_run, actor, data, at)
        SELECT batch, recipient_run, actor, data, at FROM batch_activities WHERE row < 4398046511104 ORDER BY row`);
      await engageWithGuide(month);
      if (month < 3) await beginMonth();
    }
  }

  /** Creates a message that belongs to no run that ends. */
  async function engageWithGuide(month: number): Promise<void> {
    const origin = { id: "r", workflow: "tour", version_id: GUIDE_VERSION, tenant: null, actor: null, data: {} };
    const message = sampleMessage(origin as never, { id: "x", recipient: user("ana"), inserted_at: NOW } as never, {
      source: "guide",
      step_ref: `step-${month}`,
      categories: [],
    });
    await store.recordGuideEngagement({ guide: GUIDE, message, action: "seen", data: null }, NOW);
  }

  it("leaves the same rows as deleting one by one", async () => {
    const all = { ...NO_PRUNED_ROWS };
    for (const seed of [3, 7]) {
      if (seed !== 3) {
        now = NOW;
        location = await createStoreDatabase({ createForTests: true });
        databases.push(location);
        store = await open(location);
        await eventually(() => growPartitions(getConnection(store)));
      }
      await fillMonths(seed);
      await Promise.all(stores.splice(0).map((opened) => opened.close()));
      const [a, b] = [location, await createDatabase(location)];
      databases.push(b);
      const [dropping, deleting] = [await open(a), await open(b)];
      const [, lastCounts] = [
        await prune(deleting, { drops: false, isDryRun: true }),
        await prune(deleting, { drops: false }),
      ];
      const dry = await prune(dropping, { isDryRun: true });
      const counts = await prune(dropping);
      expect({ ...counts, partitions: 0 }).toEqual(lastCounts);
      expect(dry.partitions).toBe(counts.partitions);
      all.partitions += counts.partitions;
      for (const name of ["messages", "delivery_logs", "batch_activities"] as const) all[name] += counts[name];
      expect(await readRows(a)).toEqual(await readRows(b));
      for (const sql of [SELECT_MISSING_BLOCKS, SELECT_EMPTY_BLOCKS])
        expect(await run(sql, a)).toEqual(await run(sql, b));
      const lists = async (of: Store) => ({
        messages: await of.listMessages({ status: "delivered" }, { limit: 500 }),
        runs: await of.listRecipientRuns({ statuses: ["paused", "completed"] }, { limit: 500 }),
        feeds: await Promise.all(["ana", "bo", "cem"].map((id) => of.listFeed({ recipient: user(id) }, { limit: 50 }))),
      });
      expect(await lists(dropping)).toEqual(await lists(deleting));
      // Rows are added to the partitions that remain.
      await insertSample(dropping, { recipients: ["ana"], run: { inserted_at: BEFORE } });
      expect((await prune(dropping)).recipient_runs).toBe(0);
    }
    expect(all.partitions).toBeGreaterThanOrEqual(4);
    expect(Math.min(all.messages, all.delivery_logs, all.batch_activities)).toBeGreaterThan(0);
  });

  it("drops the tables of a month without rows that stay, and keeps a table for those that stay", async () => {
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "ana") });
    await beginMonth();
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "bo") });
    const waiting = await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    await beginMonth();
    const counts = await prune(store);
    expect(counts).toEqual({
      ...NO_PRUNED_ROWS,
      partitions: 3,
      recipient_runs: 60,
      messages: 60,
      workflow_runs: 2,
      warnings: [],
    });
    expect(await listPartitions("recipient_runs")).toEqual([
      "recipient_runs_2",
      "recipient_runs_4",
      "recipient_runs_5",
    ]);
    expect(await listPartitions("messages")).toEqual(["messages_2", "messages_4", "messages_5"]);
    expect(await listPartitions("delivery_logs")).toEqual(["delivery_logs_4", "delivery_logs_5"]);
    // The run that waited continues, and its partition is dropped once it has ended.
    const [claimed] = await store.claimDueRuns(claimAt(NOW + 9 * MONTH, "t"), 5);
    expect(claimed?.recipientRun.id).toBe(waiting.recipientRuns[0]?.id);
    const ended = { ...claimed!.recipientRun, status: "completed", position: null, due_at: null } as const;
    await saveAll(store, [{ recipientRun: ended, messages: [] }], "t");
    expect(await prune(store)).toMatchObject({ partitions: 1, recipient_runs: 1, messages: 1, warnings: [] });
    expect(await listPartitions("recipient_runs")).toEqual(["recipient_runs_4", "recipient_runs_5"]);
    expect(await run("SELECT count(*)::integer AS runs FROM recipient_runs")).toEqual([{ runs: 0 }]);
    await insertSample(store, { recipients: ["dee"] });
    expect((await store.listRecipientRuns({}, { limit: 5 })).items).toHaveLength(1);
  });

  it("deletes one by one what is not worth a new table, and leaves the current month alone", async () => {
    await insertSample(store, { recipients: ["ana", "bo"] });
    await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    await insertSample(store, { recipients: ["dee"] });
    expect(await prune(store)).toMatchObject({ partitions: 0, recipient_runs: 3 });
    expect(await listPartitions("recipient_runs")).toEqual([
      "recipient_runs_1",
      "recipient_runs_2",
      "recipient_runs_3",
    ]);
  });

  it("keeps the activities of an open batch, and the run that waits for it", async () => {
    for (let count = 0; count < 12; count++)
      await joinSample(store, { actor: `user-${count}`, at: NOW, closes_at: NOW + HOUR });
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "ana") });
    await beginMonth();
    await joinSample(store, { actor: "late", at: NOW + 1, closes_at: NOW + HOUR });
    expect(await prune(store)).toMatchObject({ partitions: 1, recipient_runs: 30, batch_activities: 0 });
    const [waiting] = await store.claimDueRuns(claimAt(NOW + HOUR, "t"), 5);
    expect((await store.readBatch(waiting!.recipientRun.id))?.total_activities).toBe(13);
  });

  it("counts large feeds again", async () => {
    const readFeed = async () => {
      for (let count = 0; count < 4; count++) await store.listFeed({ recipient: user("ana") }, { limit: 1 });
      return store.listFeed({ recipient: user("ana") }, { limit: 5 });
    };
    await insertSample(store, { recipients: Array.from({ length: 1_010 }, () => "ana") });
    await beginMonth();
    await insertSample(store, { recipients: ["ana", "ana"], run: { inserted_at: BEFORE } });
    expect((await readFeed()).counts.total_count).toBe(1_012);
    expect(await run("SELECT counted_after FROM kept_feeds")).toEqual([{ counted_after: null }]);
    expect((await prune(store)).partitions).toBe(1);
    expect((await readFeed()).counts).toMatchObject({ total_count: 2 });
    expect(await run("SELECT counted_after FROM kept_feeds")).toEqual([{ counted_after: null }]);
  });

  it("loses nothing while runs advance, messages are marked and triggers arrive", async () => {
    await insertSample(store, { recipients: Array.from({ length: 200 }, (_, index) => `old-${index}`) });
    const waiting = await insertSample(store, {
      recipients: Array.from({ length: 60 }, (_, index) => `waits-${index}`),
      recipientRun: waitingAt(NOW),
    });
    await beginMonth();
    await beginMonth();
    const [worker, api] = [await open(location), await open(location)];
    let isDone = false;
    const saved = new Set<string>();
    const advancing = (async () => {
      for (let count = 0; !isDone || saved.size < 60; count++) {
        const claimed = await worker.claimDueRuns(claimAt(NOW, `t${count}`), 2);
        const advances = claimed.map(({ recipientRun }) => ({
          recipientRun: {
            ...recipientRun,
            status: "completed",
            position: null,
            due_at: null,
            updated_at: BEFORE,
          } as const,
          messages: [],
        }));
        for (const id of await saveAll(worker, advances, `t${count}`)) saved.add(id);
      }
    })();
    const triggered: string[] = [];
    const triggering = (async () => {
      for (let count = 0; !isDone; count++) {
        const { recipientRuns } = await insertSample(api, {
          recipients: [`new-${count}`],
          run: { inserted_at: BEFORE },
        });
        triggered.push(recipientRuns[0]?.id as string);
        const { items } = await api.listMessages({ recipient: user("waits-7") }, { limit: 1 });
        expect(items).toHaveLength(1);
        await api.markMessages([items[0]?.id as string], count % 2 === 0 ? "read" : "unread", BEFORE);
      }
    })();
    const counts = await prune(store);
    isDone = true;
    await Promise.all([advancing, triggering]);
    const rest = await prune(store);
    expect(counts.recipient_runs + rest.recipient_runs).toBe(200);
    const expected = [...waiting.recipientRuns.map(({ id }) => id), ...triggered].sort();
    const found = await run<{ id: string; status: string }>("SELECT id, status FROM recipient_runs ORDER BY id");
    expect(found.map(({ id }) => id)).toEqual(expected);
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(["completed"]));
    expect(await run("SELECT count(*)::integer AS messages FROM messages")).toEqual([{ messages: expected.length }]);
  });

  it("copies rows again that change after they were copied", async () => {
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "ana") });
    const { messages } = await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    const other = await open(location);
    const { all } = Transaction.prototype;
    let copies = 0;
    vi.spyOn(Transaction.prototype, "all").mockImplementation(async function (this: Transaction, ...args) {
      const result = await all.apply(this, args as [string]);
      // The analysis of the copy of messages is the last statement about it.
      if (/^ANALYZE messages_1_kept/.test(args[0]) && ++copies === 1)
        await other.markMessages([messages[0]?.id as string], "read", NOW + 5);
      return result as never;
    });
    expect(await prune(store)).toMatchObject({ partitions: 1, recipient_runs: 30, warnings: [] });
    expect(copies).toBe(2);
    expect((await store.listMessages({}, { limit: 5 })).items).toMatchObject([{ read_at: NOW + 5 }]);
  });

  it("keeps a run whose message is sent again while its month is examined", async () => {
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "ana") });
    const { messages } = await insertSample(store, { recipients: ["bo"], message: { status: "undelivered" } });
    await beginMonth();
    const other = await open(location);
    const { all } = Transaction.prototype;
    let isRetried = false;
    vi.spyOn(Transaction.prototype, "all").mockImplementation(async function (this: Transaction, ...args) {
      if (args[0].startsWith("LOCK TABLE") && !isRetried) {
        isRetried = true;
        await other.changeDeliveries([messages[0]?.id as string], (message) => requeueMessage(message, NOW));
      }
      return all.apply(this, args as [string]) as never;
    });
    expect(await prune(store)).toMatchObject({ partitions: 1, recipient_runs: 30, messages: 30, warnings: [] });
    expect(isRetried).toBe(true);
    const claimed = await store.claimDueMessages(claimAt(NOW, "t"), 5);
    expect(claimed.map(({ recipient }) => recipient)).toEqual([user("bo")]);
  });

  it("can be repeated after a crash at any statement", async () => {
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "ana") });
    await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    const { all } = Transaction.prototype;
    let isDone = false;
    for (let allowed = 0; !isDone; allowed++) {
      let count = 0;
      const spy = vi.spyOn(Transaction.prototype, "all").mockImplementation(async function (
        this: Transaction,
        ...args
      ) {
        if (/ALTER|CREATE|DROP|LOCK TABLE/.test(args[0]) && count++ === allowed) throw new Error("crashed");
        return all.apply(this, args as [string]) as never;
      });
      try {
        const { next, ...result } = await store.prune({
          table: "partitions",
          before: BEFORE,
          after: 0,
          limit: 20,
          isDryRun: false,
        });
        expect(result.counts).toMatchObject({ partitions: 1, recipient_runs: 30, messages: 30 });
        expect(next).toBe(1);
        isDone = true;
      } catch (error) {
        expect((error as Error).message).toBe("crashed");
      }
      spy.mockRestore();
      const { items } = await store.listRecipientRuns({}, { limit: 50 });
      expect(items).toHaveLength(isDone ? 1 : 31);
      expect(allowed).toBeLessThan(60);
    }
    expect(await run("SELECT relname FROM pg_class WHERE relname ~ '_kept$'")).toEqual([]);
  });

  it("is done once by two processes at a time", async () => {
    await insertSample(store, { recipients: Array.from({ length: 40 }, () => "ana") });
    await beginMonth();
    await insertSample(store, { recipients: Array.from({ length: 40 }, () => "ana") });
    await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    const results = await Promise.all([prune(store), prune(await open(location))]);
    expect(results[0].recipient_runs + results[1].recipient_runs).toBe(80);
    expect(await run("SELECT status FROM recipient_runs")).toEqual([{ status: "paused" }]);
    expect(await run("SELECT relname FROM pg_class WHERE relname ~ '_kept$'")).toEqual([]);
  });

  it("counts rows once that another process deletes after they were examined", async () => {
    await insertSample(store, { recipients: Array.from({ length: 40 }, () => "ana") });
    await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    const other = await open(location);
    const results: PrunedCounts[] = [];
    const db = getConnection(store);
    const { read } = db;
    vi.spyOn(db, "read").mockImplementation(async (work) => {
      const found = await read.call(db, work);
      const isExamined = typeof found === "object" && found !== null && "kept" in found;
      if (isExamined && results.length === 0) results.push(await prune(other));
      return found as never;
    });
    results.push(await prune(store));
    expect(results.map(({ partitions, recipient_runs }) => ({ partitions, recipient_runs }))).toEqual([
      { partitions: 1, recipient_runs: 40 },
      { partitions: 0, recipient_runs: 0 },
    ]);
    expect(await run("SELECT relname FROM pg_class WHERE relname ~ '_kept$'")).toEqual([]);
  });

  it("waits for a reader, whose list is complete, and deletes one by one if it does not end", async () => {
    await insertSample(store, { recipients: Array.from({ length: 30 }, () => "ana") });
    await insertSample(store, { recipients: ["cem"], recipientRun: waitingAt(NOW + 9 * MONTH) });
    await beginMonth();
    const counts = await withClient(location, async (client) => {
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM workflow_runs");
      const pruned = await prune(store, { limit: 10 });
      expect((await client.query("SELECT status FROM recipient_runs WHERE status = 'paused'")).rows).toHaveLength(1);
      return pruned;
    });
    expect(counts).toMatchObject({ partitions: 0, recipient_runs: 30, warnings: [expect.stringContaining("in use")] });
    expect(await run("SELECT relname FROM pg_class WHERE relname ~ '_kept$'")).toEqual([]);
  });

  it("deletes one by one with a role that does not own the tables, and says so", async () => {
    await insertSample(store, { recipients: ["ana", "bo"] });
    await beginMonth();
    const { name, password } = ROLE_WITH_PASSWORD;
    await run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
      GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}`);
    const url = new URL(location);
    [url.username, url.password] = [name, password];
    const counts = await prune(await open(url.href));
    expect(counts).toMatchObject({ partitions: 0, recipient_runs: 2, messages: 2 });
    expect(counts.warnings).toEqual([expect.stringContaining("does not own the tables")]);
  });
});
