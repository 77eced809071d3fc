import { describe, expect } from "vitest";
import { getChannelId } from "../../src/domain/environment/environment.js";
import { openProjectApi, type ProjectApi, SAMPLE_FILES } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
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

const ENVIRONMENT = { "knock/environment.json": { channels: { phone: { type: "push" }, off: null } } };
const PROJECT = {
  ...SAMPLE_FILES,
  ...ENVIRONMENT,
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
    const api = await openProjectApi({ ...ENVIRONMENT, "knock/recipients/people.json": { users: USERS } });
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

  it.for<[args: string[], exitCode: number, error: string]>([
    [[], 2, "--recipients"],
    [["-r", "ada", "-w", "leter"], 5, 'there is no workflow "leter"\nhint: Did you mean "letter"?'],
    [["-r", '{"collection":"projects","id":"p1"}'], 2, "is not the ID of a user"],
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
