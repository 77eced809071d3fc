import { type AddressInfo, createServer } from "node:net";
import { describe, expect } from "vitest";
import { getChannelId } from "../../src/domain/environment/environment.js";
import { openProjectApi, type ProjectApi } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";

const KEY = "sk_test_0123456789abcdefghij";

const it = inProcessTest.extend<{ api: ProjectApi; stub: StubApi }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  api: async ({}, use) => {
    const api = await openProjectApi(
      { "knock/environment.json": { channels: { push: { type: "push" } } } },
      { store: "api.db" },
    );
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

/** Replaces what differs between two stores with equal data: IDs, times and cursors. */
function normalize(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*/g, "<time>")
    .replace(/("after": |--after )"?[\w+/=-]{12,}"?/g, "$1<cursor>");
}

function remote(sample: Sample, url: string, args: readonly string[], env = {}): Promise<CommandResult> {
  return sample.knock([...args, "--remote"], { env: { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: url, ...env } });
}

describe("resource commands on the remote target", () => {
  it("print the same as on the local target", async ({ api, empty }) => {
    const feed = getChannelId("feed");
    const once = '{"workflow":"hello","recipients":["ada","bo"],"scheduled_at":"2090-01-01T10:00:00Z"}';
    const members = '[{"id":"kim","email":"kim@lark.test"},"ada"]';
    const commands: string[][] = [
      ["users", "list"],
      ["users", "set", "zoe", "--data", '{"name":"Zoe"}'],
      ["users", "set", "zoe", "--set", "plan.seats:=3", "--json"],
      ["users", "set", "amy"],
      ["users", "get", "zoe"],
      ["users", "get", "zoé"],
      ["users", "get", "zoe/x", "--json"],
      ["users", "list", "--limit", "2", "--json"],
      ["users", "set", "zoe", "--data", '{"preferences":{"default":{"channel_types":{"fax":true}}}}', "--json"],
      ["users", "merge", "zoe", "amy", "--json"],
      ["users", "delete", "amy"],
      ["objects", "set", "projects", "p 1", "--data", '{"name":"Apollo"}'],
      ["objects", "get", "projects", "p 1", "--json"],
      ["objects", "list", "projects"],
      ["objects", "get", "projects", "p2"],
      ["objects", "list", "$users"],
      ["tenants", "set", "acme", "--set", "name=Acme", "--json"],
      ["tenants", "list", "--name", "Acme"],
      ["preferences", "set", "ada", "--data", '{"channel_types":{"email":false}}'],
      ["preferences", "set", "ada", "--merge", "--set", "workflows.hello:=false", "--json"],
      ["preferences", "list", "ada"],
      ["preferences", "get", "projects/p 1", "--set-id", "acme", "--json"],
      ["preferences", "delete", "ada"],
      ["subscriptions", "add", "projects", "p 1", "-r", "ada,ghost", "--properties", '{"role":"owner"}'],
      ["subscriptions", "list", "projects", "p 1", "--json"],
      ["subscriptions", "list", "projects", "p9"],
      ["subscriptions", "delete", "projects", "p 1", "-r", "ghost", "--json"],
      ["audiences", "list", "nope"],
      ["audiences", "add", "beta", "-r", members, "--json"],
      ["audiences", "list", "beta"],
      ["schedules", "create", "--data", once, "--json"],
      ["schedules", "list", "--workflow", "hello"],
      ["schedules", "list", "--recipient", "ada", "--json"],
      ["schedules", "create", "--data", '{"workflow":"hello","recipients":["ada"],"repeats":7}', "--json"],
      ["schedules", "delete", "7c9e6679-7425-40de-944b-e07fc1f90ae7"],
      ["feed", "list", "ada", "--channel", feed, "--status", "unread", "--json"],
    ];
    for (const command of commands) {
      const local = await empty.knock([...command, "--local", "--project", api.project.root, "--store", "local.db"]);
      const hosted = await remote(empty, api.url, [...command, "--project", api.project.root]);
      const print = ({ stdout, stderr, exitCode }: typeof local) => ({
        stdout: normalize(stdout),
        // Only an error of the API has a status, attempts and a request ID.
        stderr: normalize(stderr).replace(/\nrequest id: \S+|,"(?:status|attempts)":\d+|,"request_id":"[^"]+"/g, ""),
        exitCode,
      });
      expect.soft(print(hosted), command.join(" ")).toEqual(print(local));
    }
  });

  it("audiences remove does not report which users were members", async ({ stub, empty }) => {
    const request = {
      method: "DELETE",
      path: "/v1/audiences/beta/members",
      body: { members: [{ user: "ada", tenant: null }] },
    };
    stub.expect({ ...request, reply: { status: 204 } }, { ...request, reply: { status: 204 } });
    const remove = ["audiences", "remove", "beta", "-r", "ada"];
    const json = await remote(empty, stub.url, [...remove, "--json"]);
    expect(json.json).toEqual({ audience: "beta", removed: null, not_members: null });
    expect((await remote(empty, stub.url, remove)).stdout).toBe("✓ beta: removed ada if they were members");
  });

  it.for<[string[], number, RegExp]>([
    [["feed", "list", "ada"], 3, /cannot list a feed without an in-app channel\nhint: Add --channel/],
    [["feed", "list", "--object", "projects/p1", "--channel", "x"], 3, /hint: Run `knock messages list --recipient/],
    [["schedules", "list"], 3, /hint: Add --workflow or --recipient, or add --local/],
    [["schedules", "get", "s1"], 3, /cannot look up a schedule by its ID\nhint: Add --workflow or --recipient/],
    [["sources", "list"], 3, /only available on the local target/],
  ])("exits for %j: %i, before any request", async ([args, code, text], { stub, empty }) => {
    const ran = await remote(empty, stub.url, args);
    expect([ran.exitCode, ran.stdout]).toEqual([code, ""]);
    expect(ran.stderr).toMatch(text);
    expect(stub.requests).toEqual([]);
  });

  it("schedules get finds a schedule in the pages of a workflow's list", async ({ api, empty }) => {
    const create = ["schedules", "create", "--set", "scheduled_at=2090-01-01T10:00:00Z", "--json"];
    const body = ["--data", '{"workflow":"hello","recipients":["ada","bo"]}'];
    const { json } = await remote(empty, api.url, [...create, ...body]);
    for (const schedule of json.items as { id: string; recipient: { id: string } }[]) {
      const get = ["schedules", "get", schedule.id, "--json"];
      expect((await remote(empty, api.url, [...get, "--workflow", "hello"])).json).toEqual(schedule);
      expect((await remote(empty, api.url, [...get, "--recipient", schedule.recipient.id])).json).toEqual(schedule);
    }
    const absent = await remote(empty, api.url, ["schedules", "get", "s1", "--workflow", "hello"]);
    expect([absent.exitCode, absent.stderr]).toEqual([5, expect.stringContaining('there is no schedule "s1"')]);
  });

  it.for([["--after", "bogus"], ["--before=bogus"]])("%s names its option and value", async (args, { api, empty }) => {
    const { stderr, exitCode } = await remote(empty, api.url, ["users", "list", ...args]);
    const option = args[0]?.split("=")[0];
    expect(stderr.split("\n")[0]).toBe(`error: ${option}: "bogus" is not a cursor of this list`);
    expect(exitCode).toBe(2);
  });

  it.for([
    ["/v1/audiences/beta/members?create_audience=true", "", ["audiences", "add", "beta"]],
    ["/v1/objects/projects/p1/subscriptions", "[]", ["subscriptions", "add", "projects", "p1"]],
  ] as const)(
    "POST %s succeeds even if the lookup for its warning fails",
    async ([path, text, args], { stub, empty }) => {
      const body = path.includes("audiences") ? { members: [{ user: "ada", tenant: null }] } : { recipients: ["ada"] };
      stub.expect(
        { method: "POST", path, body, reply: { text } },
        { method: "GET", path: "/v1/users/ada", reply: { status: 500, headers: { "x-should-retry": "false" } } },
      );
      const { stderr, exitCode } = await remote(empty, stub.url, [...args, "-r", "ada"]);
      expect(stderr).toContain("warning: could not check whether the recipients were identified: 127.0.0.1");
      expect(exitCode).toBe(0);
    },
  );

  it("need a key, and a confirmation only for writing with a live key", async ({ empty }) => {
    const withoutKey = await remote(empty, "http://127.0.0.1:9", ["users", "list"], { KNOCK_API_KEY: "" });
    expect([withoutKey.exitCode, withoutKey.stderr]).toEqual([4, expect.stringContaining("knock auth login")]);
    // A proxy that refuses each connection shows which commands try to send a request.
    let connections = 0;
    const proxy = createServer((socket) => {
      connections++;
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    const live = { KNOCK_API_KEY: "sk_live_0123456789abcdefghij", HTTPS_PROXY: `http://127.0.0.1:${port}` };
    const run = (args: string[]) => remote(empty, "https://knock.invalid", args, live);
    const ids = ["--data", '{"schedule_ids":[]}'];
    for (const write of [
      ["users", "set", "ada"],
      ["users", "merge", "ada", "bo"],
      ["users", "delete", "ada"],
      ["objects", "set", "projects", "p1", "--data", "{}"],
      ["objects", "delete", "projects", "p1"],
      ["tenants", "set", "acme", "--data", "{}"],
      ["tenants", "delete", "acme"],
      ["preferences", "set", "ada", "--data", "{}"],
      ["preferences", "delete", "ada"],
      ["subscriptions", "add", "projects", "p1", "-r", "ada"],
      ["subscriptions", "delete", "projects", "p1", "-r", "ada"],
      ["audiences", "add", "beta", "-r", "ada"],
      ["audiences", "remove", "beta", "-r", "ada"],
      ["schedules", "create", ...ids],
      ["schedules", "update", ...ids],
      ["schedules", "delete", "s1"],
      ["messages", "mark", "m1", "seen"],
    ]) {
      const { exitCode, stderr } = await run(write);
      expect([exitCode, stderr], write.join(" ")).toEqual([6, expect.stringContaining("Add --yes")]);
    }
    expect(connections).toBe(0);
    for (const read of [
      ["users", "list"],
      ["objects", "get", "projects", "p1"],
      ["preferences", "get", "ada"],
      ["schedules", "list", "--workflow", "hello"],
      ["feed", "list", "ada", "--channel", "c1"],
      ["runs", "list"],
      ["messages", "show", "m1"],
    ]) {
      const { exitCode, stderr } = await run(read);
      expect([exitCode, stderr], read.join(" ")).toEqual([7, expect.stringContaining("the proxy refused")]);
    }
    expect(connections).toBe(7);
    proxy.close();
  });
});
