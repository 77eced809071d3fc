import { describe, expect } from "vitest";
import { getChannelId } from "../../src/domain/environment/environment.js";
import { openProjectApi, type ProjectApi, SAMPLE_FILES } from "../helpers/project-emulator.js";
import { inProcessTest, runInProcess } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";

const KEY = "sk_test_0123456789abcdefghij";

/** The users of the account: one without an address, one without preferences, and one who turned a workflow off. */
const USERS = [
  {
    id: "ada",
    email: "ada@lark.test",
    preferences: { default: { workflows: { ping: false } } },
    channel_data: { phone: { tokens: ["t-2"] } },
  },
  { id: "bo" },
  { id: "cy", email: "cy@lark.test", channel_data: { phone: { tokens: ["t-1"] } } },
];

const phone = { tokens: ["t-3"] };
const team = (id: string) => ({ collection: "teams", id });
/** Objects without subscribers, two with a device of their own, and objects with subscribers, one of them through another. */
const OBJECTS = {
  objects: [
    team("empty"),
    { ...team("wall"), channel_data: { phone } },
    { ...team("muted"), channel_data: { phone }, preferences: { default: { workflows: { ping: false } } } },
    team("crew"),
    team("silent"),
    team("umbrella"),
  ],
  subscriptions: [
    ...["ada", "bo", "cy", "ghost"].map((recipient) => ({ object: team("crew"), recipient })),
    { object: team("silent"), recipient: "bo" },
    { object: team("umbrella"), recipient: team("crew") },
  ],
};
const PEOPLE = { "knock/recipients/people.json": { users: USERS, ...OBJECTS } };

const ENVIRONMENT = { "knock/environment.json": { channels: { phone: { type: "push" }, off: null } } };
const PROJECT = {
  ...SAMPLE_FILES,
  ...ENVIRONMENT,
  ...PEOPLE,
  "knock/workflows/ping/workflow.json": {
    name: "Ping",
    steps: [
      {
        ref: "push_1",
        type: "channel",
        channel_type: "push",
        channel_key: "phone",
        template: { title: "Hi", text_body: "Hi" },
      },
      {
        ref: "push_2",
        type: "channel",
        channel_type: "push",
        channel_key: "off",
        template: { title: "Hi", text_body: "Hi" },
      },
    ],
  },
};

const it = inProcessTest.extend<{ api: ProjectApi; stub: StubApi }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  api: async ({}, use) => {
    const api = await openProjectApi({ ...ENVIRONMENT, ...PEOPLE });
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

function audit(sample: Sample, api: { url: string }, args: readonly string[], env = {}): Promise<CommandResult> {
  for (const [name, content] of Object.entries(PROJECT)) sample.write(name, content as never);
  return sample.knock(["audit", ...args], { env: { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: api.url, ...env } });
}

describe.concurrent("knock audit", () => {
  it("lists skipped steps with the reason, and users who get nothing", async ({ empty, api }) => {
    const { stdout, stderr, exitCode } = await audit(empty, api, ["-r", "ada,bo,cy,ghost", "--remote"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["USER", "WORKFLOW", "STATUS", "STEP", "CHANNEL", "REASON"],
      ["ada", "ping", "nothing", "push_1", "phone", "preference: workflows.ping = false"],
      ["ada", "ping", "nothing", "push_2", "off", expect.stringContaining("channel not configured")],
      ["bo", "letter", "nothing", "email_1", "mail", "no email address"],
      ["bo", "ping", "nothing", "push_1", "phone", "no device token for the channel"],
      ["bo", "ping", "nothing", "push_2", "off", expect.stringContaining("channel not configured")],
      ["cy", "ping", "partly", "push_2", "off", expect.stringContaining("channel not configured")],
      ["ghost", "(all)", "nothing", "the account does not have this user"],
      [""],
      ["✗ 3 of 4 users would get nothing from a workflow (3 workflows checked)"],
    ]);
  });

  it("checks selected workflows, and exits 1 with --fail-if-any", async ({ empty, api }) => {
    const letter = ["--workflows", "letter,hello", "--fail-if-any"];
    const some = await audit(empty, api, ["-r", "ada,bo", ...letter, "--json"]);
    expect(some).toMatchObject({
      exitCode: 1,
      json: {
        recipients: [
          {
            recipient: "bo",
            exists: true,
            workflows: [
              {
                workflow: "letter",
                gets_nothing: true,
                steps: [
                  {
                    ref: "email_1",
                    channel_type: "email",
                    channel: "mail",
                    reason: { code: "missing_recipient_data" },
                  },
                ],
              },
            ],
          },
        ],
        summary: { recipients: 2, workflows: 2, missing: 0, get_nothing: 1 },
      },
    });
    const users = empty.write("users.json", '["cy", "ada", "cy"]');
    const none = await audit(empty, api, ["-r", `@${users}`, ...letter]);
    expect(none).toMatchObject({
      exitCode: 0,
      stdout: "✓ 0 of 2 users would get nothing from a workflow (2 workflows checked)",
    });
    const quiet = await audit(empty, api, ["-r", "ada,bo,cy", "--quiet"]);
    expect(quiet.stdout).toBe("ada\nbo");
  });

  it("sends only GET requests, and names channels that the account does not have", async ({ empty, stub }) => {
    const message = "is not declared";
    const missing = { status: 422, json: { code: "channel_invalid", message, status: 422, type: "api_error" } };
    stub.expect(
      { method: "GET", path: "/v1/users/ada", reply: { json: { id: "ada", email: "ada@lark.test", name: null } } },
      { method: "GET", path: `/v1/users/ada/channel_data/${getChannelId("phone")}`, reply: missing },
      {
        method: "GET",
        path: "/v1/users/ada/preferences",
        reply: { json: [{ id: "default", workflows: null, channel_types: { email: false }, channels: null }] },
      },
    );
    const { json } = await audit(empty, stub, ["-r", "ada", "-w", "letter", "--json"]);
    expect(json).toMatchObject({
      notes: [expect.stringContaining("no channel with the ID of phone in environment.json")],
      recipients: [{ workflows: [{ gets_nothing: true, steps: [{ reason: { code: "preference" } }] }] }],
    });
    expect(stub.requests.map(({ method }) => method)).toEqual(["GET", "GET", "GET"]);
  });

  it("lists objects that reach no one and subscribers who get nothing, on the account and locally", async ({
    empty,
    api,
  }) => {
    const args = ["--collection", "teams", "-w", "ping,letter"];
    const { stdout, stderr, exitCode } = await audit(empty, api, args);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const off = "channel not configured: off";
    const members = {
      ping: `${off} (bo, ada); recipient not found (ghost); no device token for the channel (bo); preference: workflows.ping = false (ada)`,
      letter: "recipient not found (ghost); no email address (bo)",
    };
    const none = "no subscribers";
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["OBJECT", "WORKFLOW", "STATUS", "GET NOTHING", "REASON"],
      ["teams/umbrella", "ping", "partly", "3 of 4", members.ping],
      ["teams/umbrella", "letter", "partly", "2 of 4", members.letter],
      ["teams/silent", "ping", "nothing", "1 of 1", `no device token for the channel (bo); ${off} (bo)`],
      ["teams/silent", "letter", "nothing", "1 of 1", "no email address (bo)"],
      ["teams/crew", "ping", "partly", "3 of 4", members.ping],
      ["teams/crew", "letter", "partly", "2 of 4", members.letter],
      ["teams/muted", "ping", "nothing", none, `preference: workflows.ping = false, ${off}`],
      ["teams/muted", "letter", "nothing", none, "no email address"],
      ["teams/wall", "letter", "nothing", none, "no email address"],
      ["teams/empty", "ping", "nothing", none, `no device token for the channel, ${off}`],
      ["teams/empty", "letter", "nothing", none, "no email address"],
      [""],
      ["✗ 4 of 6 objects would reach no one with a workflow (2 workflows checked)"],
      ["✗ 3 of 4 subscribers would get nothing from a workflow"],
    ]);
    const local = await audit(empty, { url: "http://127.0.0.1:1" }, [...args, "--local"]);
    expect(local).toMatchObject({ stdout, stderr: "", exitCode: 0 });
  });

  it("counts subscribers by reason in JSON, and exits 1 with --fail-if-any for one who gets nothing", async ({
    empty,
    api,
  }) => {
    const args = ["--object", "teams/crew", "-r", JSON.stringify([team("wall"), team("gone")]), "--fail-if-any"];
    const { json, exitCode } = await audit(empty, api, [...args, "-w", "letter", "--json"]);
    const letter = { workflow: "letter", reaches_no_one: true, get_nothing: 0, reasons: [] };
    const email = { code: "missing_recipient_data", detail: "no email address" };
    const ownSteps = [{ ref: "email_1", channel_type: "email", channel: "mail", reason: email }];
    const notFound = { code: "recipient_not_found", detail: null };
    expect({ json, exitCode }).toEqual({
      exitCode: 1,
      json: {
        recipients: [],
        objects: [
          {
            recipient: team("crew"),
            exists: true,
            subscribers: 4,
            workflows: [
              {
                workflow: "letter",
                reaches_no_one: false,
                steps: ownSteps,
                get_nothing: 2,
                reasons: [
                  { reason: notFound, subscribers: 1, recipients: ["ghost"] },
                  { reason: email, subscribers: 1, recipients: ["bo"] },
                ],
              },
            ],
          },
          { recipient: team("wall"), exists: true, subscribers: 0, workflows: [{ ...letter, steps: ownSteps }] },
          { recipient: team("gone"), exists: false, subscribers: 0, workflows: [{ ...letter, steps: [] }] },
        ],
        notes: [],
        summary: {
          recipients: 0,
          workflows: 1,
          missing: 0,
          get_nothing: 0,
          objects: 3,
          objects_reach_no_one: 2,
          subscribers: 4,
          subscribers_get_nothing: 2,
        },
      },
    });
    const wall = ["--object", "teams/wall", "-w", "ping", "--fail-if-any"];
    const reached = "✓ 0 of 1 object would reach no one with a workflow (1 workflow checked)";
    expect(await audit(empty, api, wall)).toMatchObject({ exitCode: 0, stdout: reached });
    const quiet = await audit(empty, api, ["--collection", "teams", "-r", "cy,ada", "-w", "ping", "--quiet"]);
    expect(quiet.stdout).toBe("ada\nteams/umbrella\nteams/silent\nteams/crew\nteams/muted\nteams/empty");
  });

  it("reads all pages of a collection, and prints up to 50 objects", async ({ empty, api }) => {
    const objects = Array.from({ length: 120 }, (_, index) => ({ collection: "rooms", id: `r${index}` }));
    const subscriptions = Array.from({ length: 120 }, (_, index) => ({
      object: { collection: "rooms", id: "r0" },
      recipient: `u${index}`,
    }));
    empty.write("knock/recipients/rooms.json", { objects, subscriptions });
    const args = ["--local", "--collection", "rooms", "-w", "hello,letter"];
    const lines = (await audit(empty, api, args)).stdout.split("\n");
    expect(new Set(lines.filter((line) => line.startsWith("rooms/")).map((line) => line.split(" ")[0])).size).toBe(50);
    expect(lines.slice(-4)).toEqual([
      "and 70 more: --json lists all",
      "",
      "✗ 120 of 120 objects would reach no one with a workflow (2 workflows checked)",
      "✗ 120 of 120 subscribers would get nothing from a workflow",
    ]);
    const { stdout } = await audit(empty, api, ["--local", "--object", "rooms/r0", "-w", "hello,letter"]);
    expect(stdout).toMatch(
      /^rooms\/r0 {2}\(all\) +nothing +120 of 120 +recipient not found \(u119, u118, u117 and 117 more\)$/m,
    );
  });

  it("ends while it reads many recipients if a signal arrives", async ({ empty }) => {
    for (const [name, content] of Object.entries(PROJECT)) empty.write(name, content as never);
    const args = ["audit", "--local", "--collection", "teams"];
    const { exitCode, stderr } = await runInProcess({ args, cwd: empty.dir, env: {}, signal: AbortSignal.abort() });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr: "error: interrupted while reading the store\nhint: Nothing was changed.",
    });
  });

  it.for<[args: string[], hint: string]>([
    [["--object", "teams/crw"], 'there is no object "teams/crw"\nhint: Did you mean "teams/crew"?'],
    [["--object", "teams/x"], 'there is no object "teams/x"\nhint: Create it with `knock objects set teams x`'],
    [["--object", "teems/crew"], 'the collection "teems" has no objects\nhint: Did you mean "teams"?'],
    [["--collection", "teems"], 'the collection "teems" has no objects\nhint: Did you mean "teams"?'],
  ])("rejects %j, and names what is nearest", async ([args, hint], { empty, api }) => {
    for (const target of [[], ["--local"]]) {
      const { exitCode, stdout, stderr } = await audit(empty, api, [...args, ...target]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
      expect(stderr).toContain(hint);
    }
  });

  it.for<[args: string[], exitCode: number, error: string]>([
    [[], 2, "--recipients"],
    [["-r", "ada", "-w", "leter"], 5, 'there is no workflow "leter"\nhint: Did you mean "letter"?'],
    [["-r", '{"collection":"projects","id":"p1","name":"Apollo"}'], 2, "is not the ID of a user"],
    [["--object", "projects"], 2, "is not collection/id"],
    [["--object", "$users/ada"], 2, "is reserved for users"],
    [["--collection", "$users"], 2, "is reserved for users"],
    [["--collection", "a/b"], 2, "collection"],
    [["-r", "ada", "--local", "--remote"], 2, "contradict each other"],
    [["-r", '{"id":"ada","email":"a@lark.test"}'], 2, "is not the ID of a user"],
    [["-r", "ada,"], 2, "an ID is empty"],
    [["-r", "x".repeat(300)], 2, "--recipients"],
  ])("rejects %j before any request", async ([args, exitCode, error], { empty, stub }) => {
    const result = await audit(empty, stub, args);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: "" });
    expect(result.stderr).toContain(error);
    expect(stub.requests).toEqual([]);
  });
});
