import { execFileSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { getExitCode } from "../../../src/errors/knock-error.js";
import { copyTables } from "../../../src/features/store/copy-tables.js";
import { FIRST_VERSION, getCurrentVersion, MIGRATIONS } from "../../../src/store/sqlite/connection/migrations.js";
import { APPLICATION_ID } from "../../../src/store/sqlite/connection/schema.js";
import { openSqliteTables } from "../../../src/store/sqlite/copy/sqlite-tables.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { RUN_ROWS_OF_RECIPIENT } from "../../../src/store/sqlite/run/run-rows.js";
import { insertSample, NOW, user } from "../../contract/store/sample-runs.js";
import { expectToContinueWork, startWork } from "../../contract/store/sample-work-in-progress.js";
import { OUTBOUND_AND_SOURCES_TO_FIRST_VERSION, TO_FIRST_VERSION } from "../../helpers/sqlite-tables.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-open-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Returns every file in the folder with its content. */
function snapshot(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  );
}

function makeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

async function seeded(path: string): Promise<void> {
  const store = await openSqliteStore(path);
  await insertSample(store, { recipients: ["ada"] });
  await store.close();
}

/** Returns the error of opening a path, which must be one that a user can fix. */
async function openError(path: string): Promise<Error> {
  const error = await openSqliteStore(path).then(
    () => new Error("opened"),
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toMatchObject({ code: "store_unusable", hint: expect.stringContaining("--store") });
  expect(getExitCode(error)).toBe(3);
  return error;
}

describe("a path without a knock store, which is rejected and stays unchanged", () => {
  const WAL_WITH_NOTES = "PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')";
  it.each<[string, RegExp, (path: string) => void]>([
    ["a text file", /is not an SQLite database/, (path) => writeFileSync(path, "hello ".repeat(500))],
    ["a short text file", /is not an SQLite database/, (path) => writeFileSync(path, "hi")],
    [
      "another program's database",
      /another program/,
      (path) => makeDatabase(path, "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')"),
    ],
    ["another program's database in WAL mode", /another program/, (path) => makeDatabase(path, WAL_WITH_NOTES)],
    [
      "another program's empty database, by its application id",
      /another program/,
      (path) => makeDatabase(path, "PRAGMA application_id = 252006675; VACUUM"),
    ],
    [
      "a store of a newer version",
      /newer knock \(version 999/,
      (path) =>
        makeDatabase(
          path,
          `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 999; CREATE TABLE later (x)`,
        ),
    ],
    ["a folder", /is a folder/, (path) => mkdirSync(path)],
  ])("rejects %s", async (_name, message, prepare) => {
    const path = join(folder, "knock.db");
    prepare(path);
    const isFolder = !existsSync(path) || readdirSync(folder, { withFileTypes: true })[0]!.isDirectory();
    const before = isFolder ? readdirSync(folder) : snapshot();
    expect((await openError(path)).message).toMatch(message);
    expect(isFolder ? readdirSync(folder) : snapshot()).toEqual(before);
  });

  it("rejects another program's database whose tables are all in its log", async () => {
    const source = join(folder, "source.db");
    const database = new DatabaseSync(source);
    database.exec(WAL_WITH_NOTES);
    const path = join(folder, "knock.db");
    for (const suffix of ["", "-wal"]) copyFileSync(source + suffix, path + suffix);
    database.close();
    const read = (): string[] => ["", "-wal"].map((suffix) => readFileSync(path + suffix).toString("base64"));
    const before = read();
    expect((await openError(path)).message).toMatch(/another program/);
    expect(read()).toEqual(before);
  });

  it.each([
    ["a path below a file", (): string => join(folder, "file", "knock.db")],
    ["a path deep below a file", (): string => join(folder, "file", "a", "b", "knock.db")],
    ["a path in a folder that cannot be created", (): string => "/proc/knock/store/knock.db"],
    ["a device", (): string => "/dev/null"],
    ["a name that is too long", (): string => join(folder, "x".repeat(300))],
    ["an empty name", (): string => ""],
    ["a name with a null character", (): string => join(folder, "a\0b")],
  ])("rejects %s", async (_name, place) => {
    writeFileSync(join(folder, "file"), "");
    await openError(place());
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

/** Makes a path read-only, for root also if the file system supports it. Returns a function that reverts it, or null if it is impossible. */
function makeReadOnly(path: string): (() => void) | null {
  chmodSync(path, 0o555);
  try {
    accessSync(path, constants.W_OK);
  } catch {
    return () => chmodSync(path, 0o755);
  }
  try {
    execFileSync("chattr", ["+i", path], { stdio: "ignore" });
    return () => {
      execFileSync("chattr", ["-i", path]);
      chmodSync(path, 0o755);
    };
  } catch {
    return null;
  }
}

function canMakeReadOnly(): boolean {
  const probe = mkdtempSync(join(tmpdir(), "knock-probe-"));
  const restore = makeReadOnly(probe);
  restore?.();
  rmSync(probe, { recursive: true });
  return restore !== null;
}

describe.runIf(canMakeReadOnly())("without write permission", () => {
  it.each([
    ["the file", "knock.db"],
    ["the folder of an existing store", "."],
  ])("for %s, the store can be read but not written, and stays unchanged", async (_name, target) => {
    const path = join(folder, "knock.db");
    await seeded(path);
    const before = snapshot();
    const restore = makeReadOnly(join(folder, target));
    try {
      const store = await openSqliteStore(path);
      expect(store.isReadOnly).toBe(true);
      expect((await store.listRecipientRuns({}, { limit: 10 })).items).toHaveLength(1);
      await expect(insertSample(store, { recipients: ["ada"] })).rejects.toMatchObject({
        code: "store_unusable",
        message: expect.stringContaining("cannot be written"),
      });
      await store.close();
    } finally {
      restore?.();
    }
    expect(snapshot()).toEqual(before);
  });

  it.each([
    ["the folder of a new store", "knock.db", /cannot be written/],
    ["the parent folder of a new store's folder", "inner/knock.db", /cannot be created/],
  ])("for %s, nothing is created", async (_name, name, message) => {
    const restore = makeReadOnly(folder);
    try {
      expect((await openError(join(folder, name))).message).toMatch(message);
    } finally {
      restore?.();
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a new store", () => {
  it("creates its folder with a .gitignore that ignores all its files", async () => {
    const path = join(folder, "project", ".knock-local", "knock.db");
    await (await openSqliteStore(path)).close();
    expect(readFileSync(join(folder, "project", ".knock-local", ".gitignore"), "utf8")).toBe("*\n");
    expect(readdirSync(join(folder, "project"))).toEqual([".knock-local"]);
  });

  it("writes no .gitignore into an existing folder", async () => {
    await (await openSqliteStore(join(folder, "knock.db"))).close();
    expect(existsSync(join(folder, ".gitignore"))).toBe(false);
  });

  it.each<[string, (path: string) => void]>([
    ["an empty file", (path) => writeFileSync(path, "")],
    ["a database with nothing in it", (path) => makeDatabase(path, "PRAGMA journal_mode = WAL; VACUUM")],
  ])("is created in %s", async (_name, prepare) => {
    const path = join(folder, "knock.db");
    prepare(path);
    await seeded(path);
    const database = new DatabaseSync(path, { readOnly: true });
    expect({
      ...(database
        .prepare("SELECT application_id, user_version FROM pragma_application_id, pragma_user_version")
        .get() as object),
    }).toEqual({
      application_id: APPLICATION_ID,
      user_version: getCurrentVersion(),
    });
    expect({ ...(database.prepare("PRAGMA journal_mode").get() as object) }).toEqual({ journal_mode: "wal" });
    database.close();
  });

  it("in memory stores nothing and creates no file", async () => {
    const before = readdirSync(".");
    const store = await openSqliteStore(":memory:");
    await insertSample(store, { recipients: ["ada"] });
    expect((await store.listMessages({}, { limit: 5 })).items).toHaveLength(1);
    await store.close();
    const again = await openSqliteStore(":memory:");
    expect((await again.listMessages({}, { limit: 5 })).items).toEqual([]);
    await again.close();
    expect(readdirSync(".")).toEqual(before);
  });
});

describe("an existing store", () => {
  it("of an earlier version is updated once, with its data, and then refused by that version", async () => {
    const path = join(folder, "knock.db");
    await seeded(path);
    const migrations = MIGRATIONS as ((database: { exec(sql: string): void }) => void)[];
    migrations.push((database) =>
      database.exec("ALTER TABLE messages ADD COLUMN note TEXT; UPDATE messages SET note = status"),
    );
    try {
      for (let open = 0; open < 2; open++) {
        const store = await openSqliteStore(path);
        expect((await store.listMessages({}, { limit: 5 })).items).toHaveLength(1);
        await store.close();
      }
      const database = new DatabaseSync(path, { readOnly: true });
      expect({ ...(database.prepare("SELECT note, status FROM messages").get() as object) }).toEqual({
        note: "delivered",
        status: "delivered",
      });
      database.close();
    } finally {
      migrations.pop();
    }
    await expect(openSqliteStore(path)).rejects.toThrow("was written by a newer knock");
  });

  it("of the first version continues its batch, its source event and its webhooks, and can be copied", async () => {
    const [path, fresh, copy] = [join(folder, "knock.db"), join(folder, "fresh.db"), join(folder, "copy.db")];
    await startWork(await openSqliteStore(path, { now: () => NOW }));
    for (const target of [fresh, copy]) copyFileSync(path, target);
    for (const older of [path, copy]) makeDatabase(older, TO_FIRST_VERSION + OUTBOUND_AND_SOURCES_TO_FIRST_VERSION);

    const store = await openSqliteStore(path, { now: () => NOW });
    await expectToContinueWork(store);
    await store.close();
    const readTables = (file: string): unknown[] => {
      const database = new DatabaseSync(file, { readOnly: true });
      const tables = database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
      database.close();
      // SQLite writes added columns on one line, with a comma before them.
      return tables.map(({ name, sql }) => ({ name, sql: String(sql).replace(/\s*([\s,()])\s*/g, "$1") }));
    };
    expect(readTables(path)).toEqual(readTables(fresh));

    const to = join(folder, "to.db");
    await copyTables(openSqliteTables(copy), openSqliteTables(to), () => {});
    const copied = await openSqliteStore(to, { now: () => NOW });
    await expectToContinueWork(copied);
    await copied.close();
  });

  it("of a version before the first release is refused unchanged", async () => {
    const path = join(folder, "knock.db");
    await seeded(path);
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA user_version = ${FIRST_VERSION - 1}`);
    database.close();
    const before = readFileSync(path);
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      message: expect.stringContaining("was written by a development version of knock"),
      hint: expect.stringContaining("Delete the file"),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is opened and read without writing", async () => {
    const path = join(folder, "knock.db");
    await seeded(path);
    const before = readFileSync(path);
    const store = await openSqliteStore(path);
    expect((await store.listMessages({}, { limit: 5 })).items).toHaveLength(1);
    await store.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is complete in its single file after closing, with an empty log", async () => {
    const path = join(folder, "knock.db");
    await seeded(path);
    copyFileSync(path, join(folder, "copy.db"));
    const copy = await openSqliteStore(join(folder, "copy.db"));
    expect((await copy.listMessages({ recipient: user("ada") }, { limit: 5 })).items).toHaveLength(1);
    await copy.close();
  });

  it("is recovered from the log of a process that crashed before anything was in the file", async () => {
    const path = join(folder, "knock.db");
    const store = await openSqliteStore(path);
    await insertSample(store, { recipients: ["ada"] });
    for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, join(folder, `copy.db${suffix}`));
    await store.close();
    const copy = await openSqliteStore(join(folder, "copy.db"));
    expect((await copy.listRecipientRuns({}, { limit: 5 })).items).toHaveLength(1);
    await copy.close();
  });

  it("may be closed twice", async () => {
    const store = await openSqliteStore(join(folder, "knock.db"));
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });

  it("stores subscriptions per pair in order of creation, and audience members once each", async () => {
    const path = join(folder, "knock.db");
    const store = await openSqliteStore(path);
    const object = "projects/p1" as ReturnType<typeof user>;
    const seed = (digest: string, role: string, at: number): Promise<void> =>
      store.applySeeds(
        [
          {
            file: "a.json",
            digest,
            recipients: [],
            subscriptions: [
              { object, recipient: user("zoe"), properties: { role } },
              { object, recipient: user("ada"), properties: {} },
            ],
            audiences: [
              { key: "beta", members: ["ada", "ada", "zoe"].map((id) => ({ recipient: user(id), tenant: null })) },
            ],
          },
        ],
        at,
      );
    await seed("d1", "owner", NOW);
    await seed("d2", "guest", NOW + 1);
    await store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const all = (sql: string): unknown[] =>
      database
        .prepare(sql)
        .all()
        .map((row) => ({ ...(row as object) }));
    expect(all("SELECT recipient, properties, inserted_at, updated_at FROM subscriptions ORDER BY row")).toEqual([
      { recipient: "$users/zoe", properties: '{"role":"guest"}', inserted_at: NOW, updated_at: NOW + 1 },
      { recipient: "$users/ada", properties: "{}", inserted_at: NOW, updated_at: NOW + 1 },
    ]);
    expect(all("SELECT audience, recipient, tenant, inserted_at FROM audience_members ORDER BY recipient")).toEqual([
      { audience: "beta", recipient: "$users/ada", tenant: "", inserted_at: NOW },
      { audience: "beta", recipient: "$users/zoe", tenant: "", inserted_at: NOW },
    ]);
    database.close();
  });

  it("stores a definition, a channel and a trigger's data once for many messages", async () => {
    const path = join(folder, "knock.db");
    const store = await openSqliteStore(path);
    for (let i = 0; i < 3; i++) await insertSample(store, { recipients: ["a", "b", "c"] });
    await store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const counts = database.prepare(
      "SELECT (SELECT count(*) FROM workflow_versions) AS versions, (SELECT count(*) FROM channels) AS channels, (SELECT count(*) FROM messages) AS messages, (SELECT count(data) FROM messages) AS own_data",
    );
    expect({ ...(counts.get() as object) }).toEqual({ versions: 1, channels: 1, messages: 9, own_data: 0 });
    database.close();
  });

  it("finds due work, cancellations and a recipient's messages with an index", async () => {
    const path = join(folder, "knock.db");
    await seeded(path);
    const database = new DatabaseSync(path, { readOnly: true });
    const plan = (sql: string): string =>
      (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[])
        .map(({ detail }) => detail)
        .join("; ");
    expect(
      plan("SELECT row FROM recipient_runs WHERE due_at IS NOT NULL AND due_at <= 1 ORDER BY due_at, row LIMIT 5"),
    ).toMatch(/recipient_runs_due/);
    expect(
      plan("SELECT row FROM messages WHERE due_at IS NOT NULL AND due_at <= 1 ORDER BY due_at, row LIMIT 5"),
    ).toMatch(/messages_due/);
    expect(plan("SELECT w.row FROM workflow_runs w WHERE w.workflow = 'a' AND w.cancellation_key = 'b'")).toMatch(
      /workflow_runs_by_cancellation/,
    );
    expect(
      plan("SELECT m.row FROM messages m WHERE m.recipient = 'a' AND m.row < 9 ORDER BY m.row DESC LIMIT 5"),
    ).not.toMatch(/SCAN|TEMP B-TREE/);
    expect(plan(`SELECT 1 WHERE 1 IN ${RUN_ROWS_OF_RECIPIENT}`)).toMatch(
      /SEARCH q USING COVERING INDEX recipient_runs_by_recipient \(<expr>=\? AND recipient=\?/,
    );
    database.close();
  });
});
