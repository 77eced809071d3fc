import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { openDatabase } from "../../src/store/sqlite/connection/driver.js";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest, type Sample } from "../helpers/run-knock.js";
import { TO_FIRST_VERSION } from "../helpers/sqlite-tables.js";

const STORE = ".knock-local/store.db";
const FOLDER = `${STORE}.snapshots`;
const TRIGGER = ["notify", "new-comment", "-r", "ada,grace", "--set", "page=Home", "--quiet"];

const snapshot = (sample: Sample, ...args: string[]) => sample.knock(["store", "snapshot", ...args]);

/** Returns what a user sees of the store: users, runs, messages and the time of a frozen clock. */
async function readStore(sample: Sample, store = STORE): Promise<JsonObject> {
  const read = async (...args: string[]) => (await sample.knock([...args, "--store", store, "--json"])).json;
  const [users, runs, messages] = await Promise.all([
    read("users", "list"),
    read("runs", "list"),
    read("messages", "list"),
  ]);
  const { now, frozen } = await read("clock", "show");
  return { users, runs, messages, clock: { now, frozen } } as JsonObject;
}

/** Starts `knock dev`, and returns its URL and a function that stops it. */
async function startDev(sample: Sample): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const running = sample.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
  await eventually(() => existsSync(sample.path("ready.json")));
  const { url } = JSON.parse(sample.read("ready.json")) as { url: string };
  const stop = () => {
    running.kill("SIGTERM");
    return running;
  };
  return { url, stop };
}

async function request(url: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await fetch(url + path, {
    headers: { authorization: "Bearer sk_x", "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return (await response.json()) as JsonObject;
}

describe.concurrent("knock store snapshot", () => {
  cliTest("goes back to users, runs, messages and the clock", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-06-04T10:00:00Z"]);
    await collab.knock(TRIGGER);
    const before = await readStore(collab);
    const saved = await snapshot(collab, "save", "before", "--json");
    expect(saved.json).toMatchObject({
      name: "before",
      users: 6,
      runs: 2,
      replaced: false,
      clock: { now: "2030-06-04T10:00:00.000Z", frozen: true },
    });
    await collab.knock(["clock", "advance", "2h"]);
    await collab.knock(["users", "set", "ada", "--set", "plan=pro"]);
    await collab.knock(["users", "delete", "grace"]);
    expect(await readStore(collab)).not.toEqual(before);
    const restored = await snapshot(collab, "restore", "before");
    expect(restored.stdout).toMatch(/^✓ restored snapshot before: 6 users, 2 runs, \d messages$/);
    expect(await readStore(collab)).toEqual(before);
  });

  it("restores a store that was deleted, and lists and deletes snapshots", async ({ collab }) => {
    await collab.knock(TRIGGER);
    const before = await readStore(collab);
    await snapshot(collab, "save", "b-side");
    await snapshot(collab, "save", "a-side");
    expect((await snapshot(collab, "list", "--quiet")).stdout).toBe("a-side\nb-side");
    await snapshot(collab, "delete", "a-side");
    const { items } = (await snapshot(collab, "list", "--json")).json;
    expect(items).toMatchObject([{ name: "b-side", contents: { users: 6, runs: 2 }, problem: null }]);
    for (const ending of ["", "-wal", "-shm"]) rmSync(collab.path(STORE + ending), { force: true });
    expect((await snapshot(collab, "restore", "b-side")).exitCode).toBe(0);
    const { runs, messages, users } = await readStore(collab);
    expect({ runs, messages, users }).toEqual({ runs: before.runs, messages: before.messages, users: before.users });
  });

  it("refuses a name that is taken unless --force is given", async ({ collab }) => {
    await collab.knock(TRIGGER);
    await snapshot(collab, "save", "one");
    const file = readFileSync(collab.path(FOLDER, "one.db"));
    await collab.knock(TRIGGER);
    const refused = await snapshot(collab, "save", "one");
    expect([refused.exitCode, refused.stderr]).toEqual([6, expect.stringContaining('already a snapshot "one"')]);
    expect(readFileSync(collab.path(FOLDER, "one.db")).equals(file)).toBe(true);
    expect((await snapshot(collab, "save", "one", "--force", "--json")).json).toMatchObject({
      replaced: true,
      runs: 4,
    });
  });

  cliTest("lets one of two processes take a name", async ({ collab }) => {
    await collab.knock(TRIGGER);
    const results = await Promise.all([snapshot(collab, "save", "same"), snapshot(collab, "save", "same")]);
    expect(results.map(({ exitCode }) => exitCode).sort()).toEqual([0, 6]);
    expect(readdirSync(collab.path(FOLDER)).sort()).toEqual([".gitignore", "same.db"]);
  });

  it("names the rule for a name that is not allowed", async ({ collab }) => {
    await collab.knock(TRIGGER);
    for (const name of ["", "a/b", "../store", "a.b", ".", "a b", "a\u0007b", "ä", "_a", "x".repeat(65)])
      for (const action of ["save", "restore", "diff", "delete"]) {
        const { exitCode, stderr } = await snapshot(collab, action, name);
        expect([exitCode, stderr], name).toEqual([2, expect.stringContaining("1 to 64 letters (a to z), digits")]);
        expect(stderr).not.toContain("\u0007");
      }
    expect(existsSync(collab.path(FOLDER))).toBe(false);
  });

  it("suggests the nearest name for an unknown one", async ({ collab }) => {
    await collab.knock(TRIGGER);
    await snapshot(collab, "save", "before-import");
    for (const args of [
      ["restore", "before-inport"],
      ["delete", "before-inport"],
      ["diff", "before-import", "before-inport"],
    ]) {
      const { exitCode, stderr } = await snapshot(collab, ...args);
      expect([exitCode, stderr]).toEqual([5, expect.stringContaining('Did you mean "before-import"?')]);
    }
  });

  it("rejects stores that have no snapshots, and one that does not exist", async ({ collab }) => {
    const memory = await snapshot(collab, "save", "a", "--store", ":memory:");
    expect([memory.exitCode, memory.stderr]).toEqual([3, expect.stringContaining("/__knock/snapshots")]);
    const database = await snapshot(collab, "list", "--store", "postgres://localhost/knock");
    expect([database.exitCode, database.stderr]).toEqual([3, expect.stringContaining("pg_dump")]);
    const missing = await snapshot(collab, "save", "a");
    expect([missing.exitCode, missing.stderr]).toEqual([3, expect.stringContaining("there is no store")]);
    expect(existsSync(collab.path(STORE))).toBe(false);
  });

  it("restores no file that is not a complete snapshot, and says why", async ({ collab }) => {
    await collab.knock(TRIGGER);
    await snapshot(collab, "save", "good");
    const good = readFileSync(collab.path(FOLDER, "good.db"));
    const changeVersion = (version: number): Buffer => {
      const bytes = Buffer.from(good);
      bytes.writeInt32BE(version, 60);
      return bytes;
    };
    const damaged = Buffer.from(good);
    damaged.fill(0xff, 4_096 * 3, 4_096 * 6);
    const files: [name: string, bytes: Buffer, reason: RegExp][] = [
      ["empty", Buffer.alloc(0), /is not a snapshot of a store/],
      ["text", Buffer.from("hello\n".repeat(100)), /cannot be read: file is not a database/],
      ["half", good.subarray(0, good.length / 2), /cannot be read: database disk image is malformed/],
      ["damaged", damaged, /is damaged|malformed/],
      ["newer", changeVersion(9_999), /newer knock \(version 9999; this one reads up to \d+\)\nhint: Update knock/],
      ["early", changeVersion(3), /development version of knock \(version 3\)/],
    ];
    for (const [name, bytes] of files) writeFileSync(collab.path(FOLDER, `${name}.db`), bytes);
    const digest = collab.storeDigest();
    for (const [name, , reason] of files) {
      const { exitCode, stderr } = await snapshot(collab, "restore", name);
      expect([exitCode, stderr], name).toEqual([3, expect.stringMatching(reason)]);
    }
    expect(collab.storeDigest()).toBe(digest);
    const { items } = (await snapshot(collab, "list", "--json")).json;
    const broken = (items as JsonObject[]).filter(({ problem }) => problem !== null).map(({ name }) => name);
    expect(broken).toEqual(expect.arrayContaining(["early", "empty", "half", "newer", "text"]));
    truncateSync(collab.path(FOLDER, "good.db"), 4_096);
    expect((await snapshot(collab, "delete", "good")).exitCode).toBe(0);
  });

  cliTest("updates a copy of a snapshot of an older version, and restores that", async ({ collab }) => {
    await collab.knock(TRIGGER);
    const before = await readStore(collab);
    await snapshot(collab, "save", "older");
    const database = await openDatabase(collab.path(FOLDER, "older.db"), { readOnly: false });
    database.exec(`PRAGMA journal_mode = DELETE; ${TO_FIRST_VERSION}`);
    database.close();
    const file = readFileSync(collab.path(FOLDER, "older.db"));
    expect((await snapshot(collab, "diff", "older")).stdout).toContain("no differences");
    await collab.knock(TRIGGER);
    expect((await snapshot(collab, "restore", "older")).exitCode).toBe(0);
    expect((await readStore(collab)).runs).toEqual(before.runs);
    expect(readFileSync(collab.path(FOLDER, "older.db")).equals(file)).toBe(true);
    expect(readdirSync(collab.path(FOLDER)).sort()).toEqual([".gitignore", "older.db"]);
  });

  it("lists what differs between snapshots and the store", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-06-04T10:00:00Z"]);
    await collab.knock(TRIGGER);
    await snapshot(collab, "save", "before");
    expect((await snapshot(collab, "diff", "before")).stdout).toBe("✓ no differences between before and the store");
    await collab.knock(["users", "set", "ada", "--set", "plan=pro"]);
    await collab.knock(["users", "set", "zoe", "--set", "name=Zoe"]);
    await collab.knock(["preferences", "set", "alan", "--data", '{"channel_types":{"email":false}}']);
    await collab.knock(["clock", "advance", "2h"]);
    const { stdout } = await snapshot(collab, "diff", "before");
    expect(stdout).toContain('recipients: 1 added, 1 changed\n  + zoe\n  ~ ada  plan: "team" → "pro"\n');
    expect(stdout).toMatch(/preferences: 1 (added|changed)\n {2}[+~] alan/);
    expect(stdout).toMatch(/runs: 2 changed\n {2}~ \S+ {2}new-comment {2}\w+ {2}paused → completed\n/);
    expect(stdout).toMatch(/messages: 1 added\n {2}\+ \S+ {2}new-comment {2}email_1 \(sendgrid\) {2}grace/);
    await snapshot(collab, "save", "after");
    const back = (await snapshot(collab, "diff", "after", "before", "--limit", "1", "--json")).json;
    expect(back).toMatchObject({
      before: "after",
      after: "before",
      recipients: { added: 0, changed: 1, removed: 1 },
      runs: { changed: 2, items: [{ before: "completed", after: "paused" }] },
    });
    expect((back.recipients as JsonObject).items).toHaveLength(1);
  });

  it("restores no store that knock dev has open, unless it is forced, and knock dev continues with it", async ({
    collab,
  }) => {
    await collab.knock(["users", "list"]);
    await snapshot(collab, "save", "fresh");
    const { url, stop } = await startDev(collab);
    // The server now knows the rows of the workflow and of its channels, which the snapshot does not have.
    const trigger = () =>
      request(url, "/v1/workflows/new-comment/trigger", { recipients: ["ada"], data: { page: "Home" } });
    await request(url, "/v1/workflows/welcome/trigger", { recipients: ["grace"] });
    await trigger();
    const refused = await snapshot(collab, "restore", "fresh");
    expect([refused.exitCode, refused.stderr]).toEqual([
      6,
      expect.stringMatching(/has the store .* open\nhint: Stop it/),
    ]);
    expect((await snapshot(collab, "restore", "fresh", "--force")).exitCode).toBe(0);
    expect((await request(url, "/v1/messages")).items).toEqual([]);
    const { workflow_run_id: id } = await trigger();
    const { items } = await request(url, "/__knock/messages");
    expect(items).toMatchObject([{ workflow: "new-comment", recipient: "ada", channel: { key: "in-app-feed" } }]);
    expect((await collab.knock(["runs", "show", String(id), "--json"])).json).toMatchObject({
      workflow: "new-comment",
    });
    await stop();
  });

  it("saves one moment of a store that other processes write to", async ({ collab }) => {
    const lines = Array.from({ length: 3_000 }, (_, index) =>
      JSON.stringify({ key: "welcome", recipients: [{ id: `u${index}`, email: `u${index}@example.com` }] }),
    );
    collab.write("triggers.jsonl", lines.join("\n"));
    const writer = collab.start(["notify", "--file", "triggers.jsonl", "--quiet"]);
    await eventually(async () => ((await collab.knock(["runs", "list", "--json"])).json.items as unknown[]).length > 0);
    const saves = [];
    for (let index = 0; index < 3; index++) saves.push((await snapshot(collab, "save", `s${index}`, "--json")).json);
    expect((await writer).exitCode).toBe(0);
    const end = (await snapshot(collab, "save", "end", "--json")).json;
    expect(end.runs).toBe(3_000);
    for (const [index, { runs, users, messages }] of saves.entries()) {
      // A trigger identifies its user first. Then it starts its run and writes its messages in one transaction.
      expect(Number(users) - 6).toBeGreaterThanOrEqual(Number(runs));
      expect(Number(messages) / Number(runs)).toBe(Number(end.messages) / 3_000);
      expect((await snapshot(collab, "diff", `s${index}`, "end", "--json")).json.runs).toMatchObject({
        added: 3_000 - Number(runs),
        removed: 0,
      });
    }
  });
});
