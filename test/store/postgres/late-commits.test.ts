import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type RecipientKey, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { Store } from "../../../src/ports/store.js";
import { Transaction } from "../../../src/store/postgres/connection/transaction.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { insertSample, NOW, user } from "../../contract/store/sample-runs.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

const MINUTE = 60_000;
const PROJECT = toRecipientKey({ collection: "projects", id: "p1" });
/** From this number of messages on, the counts of a feed are kept. */
const LARGE = 1_000;

/** Holds the first transaction that writes `text`, before it is committed. Returns a function that lets it continue. */
function holdTransaction(text: string): { isHeld: () => boolean; release: () => void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isHeld = false;
  for (const name of ["copy", "run", "all"] as const) {
    const original = Transaction.prototype[name] as (...args: unknown[]) => Promise<never>;
    vi.spyOn(Transaction.prototype, name).mockImplementation(async function (this: Transaction, ...args: unknown[]) {
      const result = await original.apply(this, args);
      const isRead = String(args[0]).trimStart().startsWith("SELECT");
      if (isHeld || isRead || !JSON.stringify(args).includes(text)) return result;
      isHeld = true;
      await released;
      return result;
    });
  }
  return { isHeld: () => isHeld, release };
}

/** Returns the number of sessions of a database that wait for a lock. */
const countWaitingSessions = (location: string): Promise<number> =>
  withClient(location, async (client) => {
    const { rows } = await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows.length;
  });

describeOnPostgres("transactions that overlap", () => {
  let template = "";
  let location = "";
  let store: Store;
  let other: Store;

  beforeAll(async () => {
    template = await createDatabase();
    await (await openPostgresStore(template, { createForTests: true })).close();
  });
  beforeEach(async () => {
    location = await createDatabase(template);
    store = await openPostgresStore(location);
    other = await openPostgresStore(location);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all([store.close(), other.close()]);
    await dropDatabase(location);
  });
  afterAll(() => dropDatabase(template));

  /** Starts a write that is held before its commit, then does another write completely. */
  async function writeLate(text: string, late: () => Promise<unknown>, early: () => Promise<unknown>) {
    const held = holdTransaction(text);
    const writing = late();
    await eventually(held.isHeld);
    await early();
    return async () => {
      held.release();
      await writing;
    };
  }

  it("a reader of new messages also gets those that are committed after newer ones", async () => {
    await insertSample(store, { recipients: ["first"] });
    let cursor = (await store.readNewMessages(null)).cursor;
    const readNew = async (): Promise<readonly RecipientKey[] | null> => {
      const found = await store.readNewMessages(cursor);
      cursor = found.cursor;
      return found.recipients;
    };
    const commit = await writeLate(
      "$users/late",
      () => insertSample(other, { recipients: ["late"] }),
      () => insertSample(store, { recipients: ["early"] }),
    );
    const during = await readNew();
    await commit();
    const after = await readNew();
    expect([...(during ?? []), ...(after ?? [])].toSorted()).toEqual([user("early"), user("late")]);
    expect(await readNew()).toEqual([]);
  });

  it("a reader of the outbound log gets each entry once, in whatever order they are committed", async () => {
    const log = (await store.openLogs()).outbound;
    expect(await log.acquire("one", MINUTE)).toBe(true);
    const commit = await writeLate(
      "$users/late",
      () => insertSample(other, { recipients: ["late"] }),
      () => insertSample(store, { recipients: ["early"] }),
    );
    const during = await log.readEntries(0, 100);
    expect(during).not.toEqual([]);
    await commit();
    const after = await log.readEntries(during.at(-1)?.id as number, 100);
    expect(after.map(({ about }) => about)).toEqual(during.map(({ about }) => about));
    expect(await log.readEntries(after.at(-1)?.id as number, 100)).toEqual([]);
  });

  it("E-353 a cancellation waits for triggers with its key, and cancels what they commit", async () => {
    const key = { workflow: "journey", cancellation_key: "order-9" };
    const trigger = (to: Store, id: string) =>
      insertSample(to, { recipients: [id], run: key, recipientRun: { status: "queued", due_at: NOW + MINUTE } });
    await trigger(store, "early");
    const held = holdTransaction("$users/late");
    const late = trigger(other, "late");
    await eventually(held.isHeld);
    let isDone = false;
    const cancellation = store.cancelRuns({ ...key, recipients: null, at: NOW }).finally(() => {
      isDone = true;
    });
    await eventually(async () => isDone || (await countWaitingSessions(location)) > 0);
    expect(isDone).toBe(false);
    // Other keys and other workflows do not wait.
    expect((await store.cancelRuns({ ...key, cancellation_key: "order-8", recipients: null, at: NOW })).runs).toEqual(
      [],
    );
    held.release();
    await late;
    expect((await cancellation).runs.map(({ recipientRun, cancelled }) => [recipientRun.recipient, cancelled])).toEqual(
      [
        [user("early"), true],
        [user("late"), true],
      ],
    );
  });

  it("a fan-out that reads on from the last subscriber skips none that is committed late", async () => {
    const subscribe = (to: Store, id: string) =>
      to.upsertSubscriptions([{ object: PROJECT, recipient: user(id), properties: {} }], NOW);
    const held = holdTransaction("$users/late");
    const late = subscribe(other, "late");
    await eventually(held.isHeld);
    const early = subscribe(store, "early");
    const before = await store.listSubscribers(PROJECT, null, 1);
    held.release();
    await Promise.all([late, early]);
    const after = await store.listSubscribers(PROJECT, null, 9);
    expect(before.items).toEqual([]);
    expect(after.items.map(({ recipient }) => recipient)).toEqual([user("late"), user("early")]);
  });

  it("a recipient that every trigger identifies is not written unless it changes", async () => {
    const tenant = { key: toRecipientKey({ collection: "$tenants", id: "acme" }), properties: { name: "Acme" } };
    const readVersion = () =>
      withClient(
        location,
        async (client) => (await client.query("SELECT xmin FROM recipients WHERE key = '$tenants/acme'")).rows,
      );
    await store.upsertRecipients([tenant], NOW);
    const version = await readVersion();
    const held = holdTransaction("$users/ada");
    const change = { key: user("ada"), properties: { n: 1 } };
    const writing = other.upsertRecipients([{ ...tenant, properties: { name: "Acme" } }, change], NOW + 1);
    await eventually(held.isHeld);
    await store.upsertRecipients([tenant], NOW + 2); // It would wait for a lock of the other transaction.
    held.release();
    await writing;
    expect(await readVersion()).toEqual(version);
  });

  it("changes of the same recipients in opposite orders are all merged", async () => {
    const keys = Array.from({ length: 20 }, (_, index) => user(`user-${index}`));
    const write = (to: Store, name: string, order: readonly RecipientKey[]) =>
      to.upsertRecipients(
        order.map((key) => ({ key, properties: { [name]: true } })),
        NOW,
      );
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(
      names.map((name, index) =>
        index % 2 === 0 ? write(store, name, keys) : write(other, name, [...keys].reverse()),
      ),
    );
    const found = await store.readRecipients(keys);
    for (const key of keys) expect(Object.keys(found.get(key)?.properties ?? {}).toSorted()).toEqual(names);
  });

  it("A-101 the kept counts of a large feed contain what is written while they begin", async () => {
    await insertSample(store, { recipients: Array.from({ length: LARGE }, () => "ana") });
    const read = (more = {}) => store.listFeed({ recipient: user("ana"), ...more }, { limit: 5 });
    const commit = await writeLate(
      "late-tenant",
      () => insertSample(other, { recipients: ["ana"], run: { tenant: "late-tenant" } }),
      () => read(),
    );
    await read();
    await commit();
    for (let count = 0; count < 3; count++) {
      const { items, counts } = await read();
      await store.markMessages([items[count]?.message.id as string], "read", NOW);
      expect(counts.total_count).toBe(LARGE + 1);
    }
    const counted = await read({ inserted_at: { gte: 0 } });
    expect((await read()).counts).toEqual(counted.counts);
    const { rows } = await withClient(location, (client) => client.query("SELECT counted_after FROM kept_feeds"));
    expect(rows).toEqual([{ counted_after: null }]);
  });
});
