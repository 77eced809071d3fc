import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { openProjectApi, type ProjectApi } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, RunOptions, Sample } from "../helpers/run-knock.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";

const KEY = "sk_test_0123456789abcdefghij";

const it = inProcessTest.extend<{ api: ProjectApi; stub: StubApi }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  api: async ({}, use) => {
    const api = await openProjectApi({}, { store: "api.db" });
    await use(api);
    await api.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  stub: async ({}, use) => {
    const stub = await startStubApi(KEY);
    await use(stub);
    await stub.finish();
  },
});

function remote(
  sample: Sample,
  url: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  return sample.knock([...args, "--remote"], { ...options, env: { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: url } });
}

const toLines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const operation = (status: string, more: JsonObject = {}): JsonObject => ({
  id: "0e3c7c3e-5b0e-4b0e-9f0e-3b0e5b0e4b0e",
  status,
  estimated_total_rows: 2,
  processed_rows: 0,
  error_count: 0,
  error_items: [],
  ...more,
});
const POLL = "/v1/bulk_operations/0e3c7c3e-5b0e-4b0e-9f0e-3b0e5b0e4b0e";

describe("changes of many rows", () => {
  it("print the same on both targets, with the reason of each failed row", async ({ api, empty }) => {
    const invalid = { id: "kim", preferences: { default: { channel_types: { fax: true } } } };
    const users = toLines([{ id: "zoe", name: "Zoe" }, invalid, { id: "a b%", plan: "pro" }]);
    const objects = JSON.stringify([{ id: "p1", name: "Apollo" }, { id: "p2" }]);
    const steps: [args: string[], input: string | null, exit: number, output: RegExp][] = [
      [
        ["users", "set", "--file", "-"],
        `\ufeff${users}\r\n`,
        9,
        /✗ kim: user "kim": .*"fax".*\n✗ 2 users set · 1 failed$/,
      ],
      [["users", "set", "--file", "-", "--json"], users, 9, /"total": 3,\n {2}"succeeded": 2,/],
      [["users", "delete", "zoe", "nobody", "a b%", "zoe"], null, 9, /✗ nobody: there is no user "nobody"\n✗ 2 users/],
      [["objects", "set", "projects", "-f", "-"], objects, 0, /^✓ 2 objects set$/],
      [["objects", "delete", "projects", "p1", "p2", "-q"], null, 0, /^p1\np2$/],
      [["tenants", "set", "-f", "-"], toLines([{ id: "t1", name: "One" }, { id: "t2" }]), 0, /^✓ 2 tenants set$/],
      [["tenants", "delete", "t1", "t2"], null, 0, /^✓ 2 tenants deleted$/],
      [["preferences", "set", "ada", "bo", "--set", "channel_types.sms:=false"], null, 0, /✓ 2 preference sets set/],
      [["preferences", "set", "ada", "a/b", "--merge", "--set", "workflows.hello:=false"], null, 0, /^✓ 2 pref/],
      [["preferences", "set", "ada", "bo", "--set", "channel_types.fax:=false"], null, 1, /✗ ada: .*\n✗ bo: .*\n✗ 0 /],
      [["preferences", "get", "bo"], null, 0, /channel_types.sms {2}false/],
    ];
    for (const [args, input, exit, expected] of steps) {
      const options = input === null ? {} : { input };
      const project = ["--project", api.project.root];
      const local = await empty.knock([...args, "--local", ...project, "--store", "local.db"], options);
      const hosted = await remote(empty, api.url, [...args, ...project], options);
      const name = args.join(" ");
      expect(local.stdout, `${name} ${local.stderr}`).toMatch(expected);
      expect([local.exitCode, local.stderr], name).toEqual([exit, ""]);
      expect([hosted.stdout.replaceAll(/\d\d:\d\d:\d\dZ/g, ""), hosted.exitCode, hosted.stderr], name).toEqual([
        local.stdout.replaceAll(/\d\d:\d\d:\d\dZ/g, ""),
        exit,
        "",
      ]);
    }
  });

  it("check all lines before anything is changed", async ({ empty, stub }) => {
    const run = (input: string, ...args: string[]) =>
      remote(empty, stub.url, ["users", "set", "--file", "-", ...args], { input });
    const bad = await run('{"id":"a"}\n{"id":\n');
    expect([bad.exitCode, bad.stderr]).toEqual([2, expect.stringMatching(/standard input: invalid JSON.*line 2/)]);
    expect((await run('{"id":"a"}\n[]\n')).stderr).toContain("line 2 must be a JSON object");
    const ids = await run(toLines([{ id: "a" }, {}, { id: 7 }, { id: "a/b" }, { id: "a" }]), "--json");
    expect(ids.error.details).toMatchObject([
      { pointer: "/1/id", message: "is required (line 2)" },
      { pointer: "/2/id", message: "must be a string (line 3)" },
      { pointer: "/3/id", message: expect.stringContaining("(line 4)") },
      { pointer: "/4/id", message: "is already in line 1 (line 5)" },
    ]);
    expect((await run(" \n")).stderr).toContain("standard input contains no users");
    expect((await run("{}", "--set", "plan=pro")).stderr).toContain("--data and --set need an ID");
    const none = await remote(empty, stub.url, ["objects", "set", "projects"]);
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining("no object ID given")]);
    expect(stub.requests).toEqual([]);
  });

  it("A-108 are sent in chunks of 1,000 rows and polled", async ({ empty, stub }) => {
    const rows = Array.from({ length: 1_001 }, (_, index) => ({ id: `u${index}` }));
    stub.expect(
      {
        method: "POST",
        path: "/v1/users/bulk/identify",
        body: { users: rows.slice(0, 1_000) },
        reply: { json: operation("queued") },
      },
      {
        method: "GET",
        path: POLL,
        reply: { json: operation("completed", { error_count: 1, error_items: [{ id: "u7", collection: null }] }) },
      },
      { method: "PUT", path: "/v1/users/u7", body: { id: "u7" }, reply: { json: { id: "u7" } } },
      { method: "PUT", path: "/v1/users/u1000", body: { id: "u1000" }, reply: { json: { id: "u1000" } } },
    );
    const { json, exitCode } = await remote(empty, stub.url, ["users", "set", "-f", "-", "--json"], {
      input: toLines(rows),
    });
    expect([exitCode, json]).toEqual([0, { total: 1_001, succeeded: 1_001, failed: [], remaining: 0 }]);
  });

  it("end with an error that says how many rows are done", async ({ empty, stub }) => {
    const path = "/v1/users/bulk/delete";
    const body = { user_ids: ["a", "b"] };
    const remove = ["users", "delete", "a", "b", "--json"];
    stub.expect({ method: "POST", path, body, reply: { json: operation("failed", { processed_rows: 1 }) } });
    const stopped = await remote(empty, stub.url, remove);
    expect([stopped.exitCode, stopped.error]).toMatchObject([
      7,
      {
        code: "remote_failed",
        message: expect.stringContaining("after 1 rows"),
        hint: expect.stringMatching(/^Before this error, 0 of 2 users were deleted/),
      },
    ]);
    const denied = { status: 403, json: { code: "authorization", message: "No" } };
    stub.expect({ method: "POST", path, body, reply: denied });
    expect((await remote(empty, stub.url, remove)).exitCode).toBe(4);
    const completed = operation("completed", { error_count: 1, error_items: [{ id: "a" }] });
    stub.expect(
      { method: "POST", path, body, reply: { json: completed } },
      { method: "DELETE", path: "/v1/users/a", reply: denied },
    );
    const half = await remote(empty, stub.url, remove);
    expect([half.exitCode, half.error.hint]).toEqual([
      4,
      expect.stringMatching(/^Before this error, 1 of 2 users were deleted\. /),
    ]);
    stub.expect({ method: "POST", path, body, reply: { json: operation("completed", { error_count: 1 }) } });
    expect((await remote(empty, stub.url, remove)).error.message).toContain("reports 1 failed rows but names 0");
  });

  it("a recipient guard refuses only the rows that it does not allow", async ({ empty, stub }) => {
    empty.write("knock.json", { knockDir: "./knock", settings: { recipients: { allow: ["user:qa-*"] } } });
    empty.write("knock/workflows/.keep", "");
    const row = { id: "qa-1", name: "One" };
    stub.expect({ method: "PUT", path: "/v1/users/qa-1", body: row, reply: { json: row } });
    const input = toLines([row, { id: "bob" }]);
    const { exitCode, json } = await remote(empty, stub.url, ["users", "set", "-f", "-", "--json"], { input });
    expect(exitCode).toBe(9);
    expect(json).toMatchObject({ succeeded: 1, failed: [{ id: "bob", code: "recipient_not_allowed" }] });
  });

  it("A-099 send 100 subscribers in a request, and say how many are done before an error", async ({ empty, stub }) => {
    const ids = Array.from({ length: 150 }, (_, index) => `u${index}`);
    const path = "/v1/objects/projects/p1/subscriptions";
    const row = { recipient: { id: "u0" }, object: { id: "p1" }, inserted_at: "2026-03-01T10:00:00Z" };
    const remove = ["subscriptions", "delete", "projects", "p1", "-r", ids.join(","), "--quiet"];
    const [first, second] = [ids.slice(0, 100), ids.slice(100)].map((recipients) => ({ recipients }));
    stub.expect(
      { method: "DELETE", path, body: first, reply: { json: [row] } },
      { method: "DELETE", path, body: second, reply: { json: [] } },
    );
    expect((await remote(empty, stub.url, remove)).stdout).toBe("u0");
    stub.expect(
      { method: "DELETE", path, body: first, reply: { json: [row] } },
      { method: "DELETE", path, body: second, reply: { status: 403, json: { code: "authorization", message: "No" } } },
    );
    const { exitCode, stderr } = await remote(empty, stub.url, remove);
    expect([exitCode, stderr]).toEqual([
      4,
      expect.stringContaining("Before this error, the first 100 of 150 recipients were processed"),
    ]);
  });

  it("A-273 name tenants in the URL, 50 at a time", async ({ empty, stub }) => {
    const ids = Array.from({ length: 51 }, (_, index) => `t${index}`);
    for (const chunk of [ids.slice(0, 50), ids.slice(50)])
      stub.expect({
        method: "POST",
        path: `/v1/tenants/bulk/delete?${chunk.map((id) => `tenant_ids%5B%5D=${id}`).join("&")}`,
        reply: { json: operation("completed") },
      });
    expect((await remote(empty, stub.url, ["tenants", "delete", ...ids])).stdout).toBe("✓ 51 tenants deleted");
  });
});
