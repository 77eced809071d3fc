import { describe, expect } from "vitest";
import { inProcessTest } from "../helpers/run-in-process.js";
import { type CommandResult, cliTest, type RunOptions, type Sample } from "../helpers/run-knock.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";
import { RUN_ID } from "../remote/api-bodies.js";

const KEY = "sk_test_0123456789abcdefghij";
const PATH = "/v1/workflows/new-comment/trigger";
const NOTIFY = ["notify", "new-comment", "--set", "page=Home", "--remote"];
const ALLOW = ["*@example.com", "user:qa-*"];
const REFUSED_ADA = '/recipients/0: user "ada" is not allowed by settings.recipients.allow in knock.json';

/** A stub API for the test. At the end, it checks that it received exactly the expected requests. */
async function stubApi({ task: _task }: { task: unknown }, use: (api: StubApi) => Promise<void>): Promise<void> {
  const api = await startStubApi(KEY);
  await use(api);
  await api.finish();
}

const test = inProcessTest.extend<{ api: StubApi }>({ api: stubApi });
const builtTest = cliTest.extend<{ api: StubApi }>({ api: stubApi });

function setGuard(sample: Sample, allow: string[]): void {
  sample.write("knock.json", { knockDir: "./knock", settings: { recipients: { allow } } });
}

function setProfileGuard(sample: Sample, recipients: unknown): void {
  const profiles = { default: { api_key: KEY, recipients } } as never;
  sample.write("../home/.config/knock/profiles.json", { default: "default", profiles });
}

function remote(sample: Sample, api: StubApi, args: string[], options: RunOptions = {}): Promise<CommandResult> {
  return sample.knock(args, { ...options, env: { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: api.url, ...options.env } });
}

function expectTrigger(api: StubApi, recipients: unknown): void {
  const reply = { json: { workflow_run_id: RUN_ID } };
  api.expect({ method: "POST", path: PATH, body: { recipients, data: { page: "Home" } }, reply });
}

describe.concurrent("a recipient guard in knock.json", () => {
  builtTest("refuses other recipients, with their pointer and the file", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    expectTrigger(api, ["qa-1"]);
    expect((await remote(collab, api, [...NOTIFY, "-r", "qa-1"])).exitCode).toBe(0);
    const { error, stderr, exitCode } = await remote(collab, api, [...NOTIFY, "-r", "qa-1,ada,qa-2,grace", "--json"]);
    expect(exitCode).toBe(6);
    expect(error).toMatchObject({
      code: "recipient_not_allowed",
      message: '/recipients/1: user "ada" is not allowed by settings.recipients.allow in knock.json (and 1 more)',
      details: [
        { pointer: "/recipients/1", message: 'user "ada" is not allowed', value: "ada" },
        { pointer: "/recipients/3", message: 'user "grace" is not allowed', value: "grace" },
      ],
    });
    expect(stderr).toContain('hint: Nothing was sent. Use a recipient that the guard allows, or add "user:ada" to it.');
  });

  test.for<[args: string[], refused: string]>([
    [["-r", "ada"], "/recipients/0: user"],
    [["-r", "ada@example.com"], "/recipients/0: user"],
    [["-r", '{"id":"qa-1","email":"ceo@acme.com"}'], "/recipients/0/email: email address"],
    [["-r", '{"id":"ada","email":"qa@example.com"}'], "/recipients/0: user"],
    [["-r", '{"id":"qa-1","phone_number":"+15550100"}'], "/recipients/0/phone_number: phone number"],
    [
      ["-r", '{"id":"qa-1","channel_data":{"fcm":{"tokens":["t"]}}}'],
      "/recipients/0/channel_data/fcm/tokens/0: channel",
    ],
    [["--object", "projects/p1"], "/recipients/0: object"],
    [["-r", "qa-1", "--actor", "ada"], "/actor: user"],
    [["-r", "qa-1", "--tenant", '{"id":"acme","email":"ceo@acme.com"}'], "/tenant/email: email address"],
    [["-r", "ada", "--dry-run"], "/recipients/0: user"],
    [["-r", "ada", "--yes", "--no-validate"], "/recipients/0: user"],
  ])("refuses %j", async ([args, refused], { collab, api }) => {
    setGuard(collab, ALLOW);
    const { stderr, stdout, exitCode } = await remote(collab, api, [...NOTIFY, ...args]);
    expect(stderr).toContain(`error: ${refused}`);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 6 });
  });

  test("refuses only the lines of a file with other recipients", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    const lines = ["qa-1", "ada", "qa-2"].map((recipients) => JSON.stringify({ recipients, data: { page: "Home" } }));
    const file = collab.write("triggers.jsonl", lines.join("\n"));
    expectTrigger(api, ["qa-1"]);
    expectTrigger(api, ["qa-2"]);
    const args = ["notify", "new-comment", "--remote", "--file", file];
    const { stderr, exitCode } = await remote(collab, api, args);
    expect(exitCode).toBe(9);
    expect(stderr).toContain(`triggers.jsonl:2: ${REFUSED_ADA}`);
    const whole = collab.write("ada.json", { recipients: ["ada"], data: { page: "Home" } });
    expect((await remote(collab, api, ["notify", "new-comment", "--remote", "--file", whole])).exitCode).toBe(6);
  });

  test("does not apply to the local target, reads and cancellations", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    expect((await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"])).exitCode).toBe(0);
    const body = { cancellation_key: "c1", recipients: ["ada"] };
    api.expect({ method: "POST", path: "/v1/workflows/new-comment/cancel", body, reply: { status: 204 } });
    expect((await remote(collab, api, ["cancel", "new-comment", "c1", "-r", "ada", "--remote"])).exitCode).toBe(0);
  });

  test("is checked with the file's other settings", async ({ collab, api }) => {
    setGuard(collab, ["ada"]);
    const { stderr, exitCode } = await remote(collab, api, [...NOTIFY, "-r", "ada"]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^error: knock\.json:.+must be a pattern such as "\*@example\.com"/);
  });
});

describe.concurrent("a recipient guard in a profile", () => {
  test("also applies if the key is from elsewhere, and together with the project's", async ({ collab, api }) => {
    setGuard(collab, ["user:*"]);
    setProfileGuard(collab, { allow: ["user:qa-*"] });
    const { error } = await remote(collab, api, [...NOTIFY, "-r", "ada", "--json"]);
    expect(error.message).toMatch(
      /^\/recipients\/0: user "ada" is not allowed by recipients\.allow of profile "default" in .+profiles\.json$/,
    );
    setGuard(collab, ["user:ci-*"]);
    const { error: other } = await remote(collab, api, [...NOTIFY, "-r", "qa-1", "--json"]);
    expect(other.message).toBe('/recipients/0: user "qa-1" is not allowed by settings.recipients.allow in knock.json');
    expectTrigger(api, ["qa-1"]);
    setGuard(collab, ["user:q*"]);
    expect((await remote(collab, api, [...NOTIFY, "-r", "qa-1"])).exitCode).toBe(0);
  });

  test("is kept by a login, and never ignored if it is invalid", async ({ collab, api }) => {
    setProfileGuard(collab, { allow: ["user:qa-*"] });
    await collab.knock(["auth", "login", "--with-key"], { input: "sk_test_other" });
    expect((await remote(collab, api, [...NOTIFY, "-r", "ada"])).exitCode).toBe(6);
    for (const recipients of ["ada", { alow: [] }, { allow: "user:qa-*" }, { allow: [5] }, { allow: ["*"] }]) {
      setProfileGuard(collab, recipients);
      const { stderr, exitCode } = await remote(collab, api, [...NOTIFY, "-r", "qa-1"]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining("valid profiles file") });
    }
  });
});
