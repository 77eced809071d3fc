import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAM } from "../../../src/app/program.js";
import { run } from "../../../src/app/run.js";
import { openDatabase } from "../../../src/store/sqlite/connection/driver.js";
import { findDamage } from "../../../src/store/sqlite/connection/find-damage.js";
import type { JsonObject } from "../../../src/util/json.js";

// The commands run in this process, because starting one process per case would take minutes.
const root = mkdtempSync(join(tmpdir(), "knock-damaged-"));
const project = join(root, "project");
const undamaged = join(root, "whole.db");
const damaged = join(root, "damaged.db");

async function knock(store: string, ...args: string[]) {
  let stdout = "";
  let stderr = "";
  const never = new AbortController();
  const { code } = await run(PROGRAM, {
    argv: [...args, "--store", store],
    name: "knock",
    env: { HOME: root },
    cwd: project,
    version: "0.0.0",
    cachePrefix: null,
    threadFile: null,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    stdinIsTerminal: false,
    signal: never.signal,
    stdinIsPiped: false,
    readStdin: async function* () {},
    sleep: async () => {},
    confirm: async () => false,
    askSecret: async () => null,
  });
  return { code, stdout, stderr };
}

let reads: string[][] = [];

beforeAll(async () => {
  cpSync(resolve(import.meta.dirname, "../../../fixtures/collab"), project, { recursive: true });
  rmSync(join(project, ".knock-local"), { recursive: true, force: true });
  const all = (await knock(undamaged, "notify", "--file", "payloads/triggers.jsonl", "--json")).stdout
    .trim()
    .split("\n");
  await knock(undamaged, "notify", "new-comment", "-r", "ada,grace,lin", "--set", "page=Home", "--skip-delay");
  await knock(undamaged, "clock", "advance", "1d");
  const messages = JSON.parse((await knock(undamaged, "messages", "--json", "--limit", "50")).stdout)
    .items as JsonObject[];
  const email = messages.find(({ status }) => status === "not_sent") as JsonObject;
  const outcome = JSON.parse(all[0] as string);
  reads = [
    ["runs"],
    ["runs", "show", outcome.workflow_run_id],
    ["runs", "show", outcome.recipients[0].recipient_run_id],
    ["messages"],
    ["messages", "--json"],
    ["messages", "show", String(email.id)],
    ["users"],
    ["users", "get", "ada"],
    ["objects", "list", "projects"],
    ["tenants"],
    ["subscriptions", "list", "projects", "p1"],
    ["preferences", "get", "ada"],
    ["schedules"],
    ["feed", "list", "ada"],
    ["clock"],
  ];
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Copies the store and changes it with an SQL statement that no command would run. */
async function change(sql: string): Promise<void> {
  cpSync(undamaged, damaged);
  for (const ending of ["-wal", "-shm"]) rmSync(damaged + ending, { force: true });
  const database = await openDatabase(damaged, { readOnly: false });
  database.exec(sql);
  database.close();
}

describe("a damaged store", () => {
  it.each<[column: string, sql: string, command: string, fault: RegExp]>([
    [
      "a user's properties",
      `UPDATE recipients SET properties = '{"name":' WHERE key = '$users/ada'`,
      "users get ada",
      /recipients, key "\$users\/ada": properties is invalid JSON/,
    ],
    [
      "a message's content",
      `UPDATE messages SET content = '{"b":'`,
      "messages --json",
      /messages, id "\w{27}": content is invalid JSON/,
    ],
    [
      "a message's events",
      "UPDATE messages SET events = 'oops'",
      "messages",
      /messages, id "\w{27}": events is invalid JSON/,
    ],
    [
      "a run's steps",
      "UPDATE recipient_runs SET steps = '{}'",
      "runs show RUN",
      /recipient_runs, id "[-0-9a-f]{36}": steps is incomplete/,
    ],
    [
      "a step",
      "UPDATE recipient_runs SET steps = '[null]'",
      "runs show RUN",
      /recipient_runs, id "[-0-9a-f]{36}": steps is incomplete/,
    ],
    [
      "the sources of a template",
      "DELETE FROM template_sources",
      "messages",
      /messages, row \d+: its template_sources row is missing/,
    ],
    [
      "a time",
      "UPDATE messages SET inserted_at = 8800000000000000",
      "messages",
      /messages, id "\w{27}": inserted_at is not a time/,
    ],
    ["a reference", "UPDATE messages SET channel = 999", "messages", /messages, row \d+: its channels row is missing/],
    ["a table", "DROP TABLE schedules", "schedules", /the definition of table schedules has changed/],
  ])("reports its table and row for %s", async (_name, sql, command, fault) => {
    await change(sql);
    const { code, stderr } = await knock(damaged, ...command.replace("RUN", reads[2]?.[2] ?? "").split(" "));
    expect(stderr).toMatch(fault);
    expect(stderr).toContain(`error: the store ${damaged} is damaged: `);
    expect(code).toBe(3);
  });

  it("is not reported for an undamaged store after an error in the code", async () => {
    // Inserts a user change, so that SQLite has a sequence for its numbers.
    await change("INSERT INTO user_changes (user, at) VALUES ('$users/ada', 1)");
    const database = await openDatabase(damaged, { readOnly: true });
    const tables = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all() as {
      name: string;
      sql: string;
    }[];
    expect(database.prepare("SELECT count(*) AS count FROM sqlite_sequence").get()).toEqual({ count: 1 });
    expect(findDamage(database, new Map(tables.map(({ name, sql }) => [name, sql])))).toBeNull();
    database.close();
  });

  it("never causes an internal error, whatever bytes have changed", async () => {
    const original = readFileSync(undamaged);
    const flips = fc.array(fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 64,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (bytes) => {
        const copy = Buffer.from(original);
        for (const [at, mask] of bytes) copy[at] = (copy[at] as number) ^ mask;
        for (const command of reads) {
          for (const ending of ["-wal", "-shm"]) rmSync(damaged + ending, { force: true });
          writeFileSync(damaged, copy);
          const { code, stderr } = await knock(damaged, ...command);
          // 5: the requested ID has changed.
          expect([0, 3, 5], `${command.join(" ")}: ${stderr}`).toContain(code);
        }
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 25) },
    );
  });
});
