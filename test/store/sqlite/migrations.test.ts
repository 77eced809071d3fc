import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FeedFilter } from "../../../src/domain/message/feed-filter.js";
import type { MessageQuery } from "../../../src/ports/filters.js";
import { APPLICATION_ID, MIGRATIONS } from "../../../src/store/sqlite/connection/migrations.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import type { SqliteStore } from "../../../src/store/sqlite/sqlite-store.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { joinSample } from "../../contract/store/sample-batches.js";
import { HOUR, insertSample, NOW, user } from "../../contract/store/sample-runs.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-migrations-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts the sources of templates into the contents of messages, where earlier versions stored them. */
const RESTORE_SOURCES = `
  UPDATE messages SET content = (
    SELECT json_set(n.content, '$.blocks[0].content', s.texts ->> '$[0]')
    FROM newer.messages n JOIN newer.template_sources s ON s.row = n.template_sources WHERE n.row = messages.row
  ) WHERE row IN (SELECT row FROM newer.messages WHERE template_sources IS NOT NULL)`;

/** Writes the rows of a store to a file with an earlier version's schema. */
function writeOlder(path: string, version: number, rowsFrom: string): void {
  // Tables are copied one by one, in the order of their creation, so foreign keys would fail.
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec(MIGRATIONS.slice(0, version).join(""));
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}`);
  database.exec(`ATTACH '${rowsFrom}' AS newer`);
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  for (const { name } of tables) {
    const columns = database.prepare(`SELECT name FROM pragma_table_info('${name}')`).all() as { name: string }[];
    const names = columns.map((column) => `"${column.name}"`).join(", ");
    database.exec(`DELETE FROM "${name}"; INSERT INTO "${name}" (${names}) SELECT ${names} FROM newer."${name}"`);
  }
  if (!MIGRATIONS.slice(0, version).some((one) => one.includes("template_sources"))) database.exec(RESTORE_SOURCES);
  database.close();
}

describe("a new store", () => {
  const FILE = "../../../src/store/sqlite/connection/current-schema.ts";

  /** Returns the statements of a database's schema, in which a table comes before its own indices. */
  function readSchema(statements: readonly string[]): string {
    const database = new DatabaseSync(":memory:");
    for (const statement of statements) database.exec(statement);
    const rows = database
      .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
      .all() as { sql: string }[];
    database.close();
    return rows.map(({ sql }) => `${sql};\n`).join("");
  }

  it("has the tables that the migrations lead to", async () => {
    const schema = readSchema(MIGRATIONS);
    const comment =
      "/** The schema that all migrations lead to, as SQLite describes it. `npx vitest run test/store/sqlite/migrations.test.ts --update` writes it. */";
    await expect(`${comment}\nexport const CURRENT_SCHEMA = \`${schema}\`;\n`).toMatchFileSnapshot(FILE);
    expect(readSchema([schema])).toBe(schema);
  });

  it("contains no rows that a migration inserts", () => {
    const database = new DatabaseSync(":memory:");
    for (const migration of MIGRATIONS) database.exec(migration);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
    for (const { name } of tables)
      expect([name, database.prepare(`SELECT * FROM "${name}"`).all()]).toEqual([name, []]);
    database.close();
  });
});

describe("a store of an earlier version", () => {
  const beforeRuns = MIGRATIONS.findIndex((one) => one.includes("new_recipient_runs"));
  it.each([MIGRATIONS.length - 1, beforeRuns])("%i is migrated with all its data", async (version) => {
    const [newer, older] = [join(folder, "newer.db"), join(folder, "older.db")];
    const made = await openSqliteStore(newer);
    await insertSample(made, { recipients: ["ada", "bo"] });
    const [runs, messages] = [
      await made.listRecipientRuns({}, { limit: 9 }),
      await made.listMessages({}, { limit: 9 }),
    ];
    await made.close();
    writeOlder(older, version, newer);

    const store = await openSqliteStore(older);
    expect(runs.items).toHaveLength(2);
    expect(await store.listRecipientRuns({}, { limit: 9 })).toEqual(runs);
    expect(await store.listMessages({}, { limit: 9 })).toEqual(messages);
    for (const { recipientRun } of runs.items)
      expect(await store.readRecipientRun(recipientRun.id)).toMatchObject({ recipientRun: { id: recipientRun.id } });
    await store.close();
  });

  /** Returns the store that a version wrote whose next migration contains a text, with what `write` writes to it. */
  async function openOlder(migration: string, write: (store: SqliteStore) => Promise<void>): Promise<SqliteStore> {
    const [newer, older] = [join(folder, "newer.db"), join(folder, "older.db")];
    const made = await openSqliteStore(newer);
    await write(made);
    await made.close();
    const version = MIGRATIONS.findIndex((one) => one.includes(migration));
    expect(version).toBeGreaterThan(0);
    writeOlder(older, version, newer);
    return openSqliteStore(older);
  }

  it("finds its messages by time and engagement", async () => {
    const store = await openOlder("block_times", async (made) => {
      for (let hour = 0; hour < 3; hour++) {
        const recipients = Array.from({ length: 300 }, (_, index) => `user-${index}`);
        const { messages } = await insertSample(made, { recipients, run: { inserted_at: NOW + hour * HOUR } });
        await made.markMessages([messages[7]?.id ?? ""], "interacted", NOW + hour * HOUR, null);
      }
    });
    const count = async (filter: MessageQuery) => (await store.listMessages(filter, { limit: 999 })).items.length;
    expect(await count({ inserted_at: { lt: NOW + HOUR } })).toBe(300);
    expect(await count({ inserted_at: { gte: NOW + HOUR, lte: NOW + HOUR } })).toBe(300);
    expect(await count({ engagement_statuses: ["interacted"] })).toBe(3);
    expect((await store.listRecipientRuns({ ending_at: NOW }, { limit: 999 })).items).toHaveLength(300);
    await store.close();
  });

  it("E-271 counts the activities of a large batch that is still open", async () => {
    const store = await openOlder("batch_actors", async (made) => {
      for (let n = 0; n < 120; n++) await joinSample(made, { data: { n }, actor: `a${n % 3}` });
    });
    await joinSample(store, { data: { n: 120 }, actor: "zoe" });
    const [claimed] = await store.claimDueRuns(claimAt(NOW + HOUR, "t"), 5);
    expect(claimed?.batch).toMatchObject({ total_activities: 121, total_actors: 4 });
    expect(claimed?.batch?.first.map(({ data }) => data.n)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(claimed?.batch?.last.map(({ data }) => data.n)).toEqual(Array.from({ length: 100 }, (_, n) => n + 21));
    await store.close();
  });

  it("finds its messages and runs by recipient, status, channel, workflow and tenant", async () => {
    const store = await openOlder("row_blocks", async (made) => {
      await insertSample(made, { workflow: "filling", recipients: Array.from({ length: 300 }, (_, n) => `user-${n}`) });
      await insertSample(made, {
        workflow: "rare",
        recipients: ["ada"],
        run: { tenant: "acme" },
        recipientRun: { status: "cancelled" },
        message: { status: "bounced", channel: { id: "c", key: "twilio", type: "sms", provider: "x" } },
      });
    });
    const shared = [{ recipient: user("ada") }, { workflow: "rare" }, { tenant: "acme" }];
    for (const filter of [...shared, { status: "bounced" as const }, { channel: "twilio" }]) {
      const { items } = await store.listMessages(filter, { limit: 5 });
      expect([filter, items.map(({ recipient }) => recipient)]).toEqual([filter, [user("ada")]]);
    }
    for (const filter of [...shared, { status: "cancelled" as const }]) {
      const { items } = await store.listRecipientRuns(filter, { limit: 5 });
      expect([filter, items.map(({ recipientRun }) => recipientRun.recipient)]).toEqual([filter, [user("ada")]]);
    }
    expect((await store.listMessages({ status: "delivered" }, { limit: 500 })).items).toHaveLength(300);
    await store.close();
  });

  it("A-101 has the counts of its large feeds", async () => {
    const store = await openOlder("feed_counts", async (made) => {
      const recipients = Array.from({ length: 1_000 }, () => "ana");
      const { messages } = await insertSample(made, { recipients, run: { tenant: "acme" } });
      await insertSample(made, { recipients: ["ana", "bo"] });
      const ids = messages.map(({ id }) => id);
      await made.markMessages(ids.slice(0, 10), "archived", NOW);
      await made.markMessages(ids.slice(5, 30), "read", NOW);
    });
    const counts = async (filter: Partial<FeedFilter>) => {
      const listed = await store.listFeed({ recipient: user("ana"), ...filter }, { limit: 1 });
      return [listed.counts.total_count, listed.counts.unread_count, listed.counts.unseen_count];
    };
    expect(await counts({})).toEqual([991, 971, 991]);
    expect(await counts({ archived: "only" })).toEqual([10, 5, 10]);
    expect(await counts({ has_tenant: false })).toEqual([1, 1, 1]);
    const { items } = await store.listFeed({ recipient: user("ana") }, { limit: 1 });
    await store.markMessages([items[0]?.message.id ?? ""], "seen", NOW);
    expect(await counts({})).toEqual([991, 971, 990]);
    await store.close();
  });
});
