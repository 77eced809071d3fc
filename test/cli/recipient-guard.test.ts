import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
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

const it = inProcessTest.extend<{ api: StubApi }>({ api: stubApi });
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

  it.for<[args: string[], refused: string]>([
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

  it.for<[command: string, refused: string]>([
    ["users set ada --set name=Ada", "/id: user"],
    ['users set qa-1 --data {"email":"ceo@acme.com"}', "/email: email address"],
    ['users set qa-1 --data {"channel_data":{"fcm":{"tokens":["t"]}}}', "/channel_data/fcm/tokens/0: channel data"],
    ["users merge qa-1 ada", "/from_user_id: user"],
    ["users merge ada qa-1", "/id: user"],
    ["objects set projects p1 --set name=Apollo", "/id: object"],
    ['tenants set acme --data {"phone_number":"+15550100"}', "/phone_number: phone number"],
    ['preferences set ada --data {"channel_types":{"email":true}}', "/id: user"],
    ["subscriptions add projects qa-1 -r qa-1,ada", "/recipients/1: user"],
    ['subscriptions add projects qa-1 -r {"id":"qa-1","email":"ceo@acme.com"}', "/recipients/0/email: email address"],
    ["subscriptions add projects p1 -r qa-1", "/id: object"],
    ["audiences add beta -r ada", "/members/0/user: user"],
    ['schedules create --data {"workflow":"hello","recipients":["ada"],"repeats":[]}', "/recipients/0: user"],
  ])("refuses %s", async ([command, refused], { collab, api }) => {
    setGuard(collab, [...ALLOW, "object:projects/qa-*"]);
    const { stderr, exitCode } = await remote(collab, api, [...command.split(" "), "--remote"]);
    expect(stderr).toContain(`error: ${refused}`);
    expect(exitCode).toBe(6);
  });

  it.for<[command: string, collection: string, refused: string]>([
    ["users set", "projects", '/id: user "ceo'],
    ["objects set people", "projects", '/id: object "people/ceo'],
    ["tenants set", "$users", '/collection: must be "$tenants" or absent'],
  ])(
    "checks the kind and path of %s and not a collection in its rows",
    async ([command, collection, refused], { collab, api }) => {
      setGuard(collab, ["object:projects/*"]);
      const input = ["ceo", "ceo-2"].map((id) => JSON.stringify({ id, collection })).join("\n");
      const args = [...command.split(" "), "--file", "-", "--remote", "--json"];
      const { json, exitCode } = await remote(collab, api, args, { input });
      const failed = { code: "recipient_not_allowed", message: expect.stringContaining(refused) };
      expect(json.failed).toEqual([failed, failed].map((row) => expect.objectContaining(row)));
      expect(exitCode).not.toBe(0);
    },
  );

  it.for<[command: string, refused: string]>([
    ["add", "/members/0/user: user"],
    ["remove", "/members/0/user/collection: must be absent, because the request is for users"],
  ])("refuses members of another kind than a user: audiences %s", async ([command, refused], { collab, api }) => {
    setGuard(collab, ["object:projects/*"]);
    const args = ["audiences", command, "beta", "-r", '{"id":"ceo","collection":"projects"}', "--remote"];
    const { stderr, exitCode } = await remote(collab, api, args);
    expect(stderr).toContain(`error: ${refused}`);
    expect(exitCode).toBe(6);
  });

  it("refuses only the lines of a file with other recipients", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    const lines = ["qa-1", "ada", "qa-2"].map((recipients) => JSON.stringify({ recipients, data: { page: "Home" } }));
    const file = collab.write("triggers.jsonl", lines.join("\n"));
    expectTrigger(api, ["qa-1"]);
    expectTrigger(api, ["qa-2"]);
    const args = ["notify", "new-comment", "--remote", "--file", file];
    const { stderr, exitCode } = await remote(collab, api, args);
    expect(exitCode).toBe(9);
    expect(stderr).toContain(`triggers.jsonl:2: ${REFUSED_ADA}`);
    const all = await remote(collab, api, [...args, "--all-or-nothing"]);
    expect({ stdout: all.stdout, exitCode: all.exitCode }).toEqual({ stdout: "", exitCode: 6 });
    const whole = collab.write("ada.json", { recipients: ["ada"], data: { page: "Home" } });
    expect((await remote(collab, api, ["notify", "new-comment", "--remote", "--file", whole])).exitCode).toBe(6);
  });

  it("checks all parts of a payload that is split before it sends one", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    const recipients = [...Array.from({ length: 1_200 }, (_, index) => `qa-${index}`), "ada"];
    const line = `${JSON.stringify({ recipients, data: { page: "Home" } })}\n`;
    const refused = '/recipients/1200: user "ada" is not allowed';
    for (const [file, args] of [
      [collab.write("one.json", line), []],
      [collab.write("lines.jsonl", line), ["--no-journal"]],
      [collab.write("dry.jsonl", line), ["--dry-run"]],
      [collab.write("all.jsonl", line), ["--all-or-nothing", "--no-journal"]],
    ] as const) {
      const ran = await remote(collab, api, ["notify", "new-comment", "--remote", "--file", file, ...args]);
      expect(ran.stderr).toContain(refused);
      expect(ran.exitCode).toBe(6);
    }
  });

  it("explains that an allowed address is not enough", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    const { stderr } = await remote(collab, api, [...NOTIFY, "-r", '{"id":"ada","email":"qa@example.com"}']);
    expect(stderr).toContain('may know other addresses of the user: add "user:ada".');
  });

  it("does not apply to the local target, reads and cancellations", async ({ collab, api }) => {
    setGuard(collab, ALLOW);
    expect((await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"])).exitCode).toBe(0);
    const body = { cancellation_key: "c1", recipients: ["ada"] };
    api.expect({ method: "POST", path: "/v1/workflows/new-comment/cancel", body, reply: { status: 204 } });
    expect((await remote(collab, api, ["cancel", "new-comment", "c1", "-r", "ada", "--remote"])).exitCode).toBe(0);
  });

  it("is checked with the file's other settings", async ({ collab, api }) => {
    setGuard(collab, ["ada"]);
    const { stderr, exitCode } = await remote(collab, api, [...NOTIFY, "-r", "ada"]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^error: knock\.json:.+must be a pattern such as "\*@example\.com"/);
  });
});

describe.concurrent("the settings of a recipient guard", () => {
  it("are shown and written", async ({ collab }) => {
    const list = async () => {
      const { json } = await collab.knock(["config", "list", "--json"]);
      return (json.items as JsonObject[]).filter(({ name }) => String(name).startsWith("recipients"));
    };
    expect(await list()).toEqual([
      { name: "recipients.allow", value: null, source: "default" },
      { name: "recipients.redirect", value: null, source: "default" },
    ]);
    const set = (...args: string[]) => collab.knock(["config", "set", ...args]);
    await set("recipients.allow", "*@example.com, user:qa-*");
    await set("recipients.redirect", "qa@example.com");
    expect(await list()).toEqual([
      { name: "recipients.allow", value: "*@example.com, user:qa-*", source: "profile" },
      { name: "recipients.redirect", value: "qa@example.com", source: "profile" },
    ]);
    setGuard(collab, ["user:ci-*"]);
    expect((await list())[0]).toEqual({
      name: "recipients.allow",
      value: "user:ci-* and *@example.com, user:qa-*",
      source: "project",
    });
    await set("recipients.allow", "");
    await set("recipients.redirect", "");
    expect(JSON.parse(collab.read("../home/.config/knock/profiles.json"))).toEqual({
      default: "default",
      profiles: { default: {} },
    });
    expect(await set("recipients.allow", "ada")).toMatchObject({ exitCode: 2 });
    expect(await set("recipients.redirect", "ada")).toMatchObject({ exitCode: 2 });
  });

  it("warn on the remote target if there is only a redirect", async ({ collab, api }) => {
    collab.write("knock.json", { knockDir: "./knock", settings: { recipients: { redirect: "qa@example.com" } } });
    expectTrigger(api, ["ada"]);
    const { stderr, exitCode } = await remote(collab, api, [...NOTIFY, "-r", "ada"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("warning: recipients.redirect has no effect on the remote target");
  });
});

describe.concurrent("--max-recipients", () => {
  const LOCAL = ["notify", "new-comment", "--set", "page=Home", "--max-recipients"];

  it("refuses a trigger with more recipients", async ({ collab }) => {
    expect((await collab.knock([...LOCAL, "2", "-r", "ada,grace"])).exitCode).toBe(0);
    for (const more of [[], ["--dry-run"]]) {
      const args = [...LOCAL, "2", "-r", "ada,grace", "--object", "projects/p1", ...more, "--json"];
      const { error, stdout, exitCode } = await collab.knock(args);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 6 });
      expect(error).toMatchObject({
        code: "too_many_recipients",
        message: "--max-recipients is 2, but the trigger has 3 recipients",
      });
    }
    expect((await collab.knock([...LOCAL, "many", "-r", "ada"])).exitCode).toBe(2);
  });

  it("counts all lines of a file, and stops at the line that exceeds the limit", async ({ collab }) => {
    const lines = [["ada"], ["grace", "zoe"], ["ada"]].map((recipients) =>
      JSON.stringify({ key: "new-comment", recipients, data: { page: "Home" } }),
    );
    const file = collab.write("triggers.jsonl", lines.join("\n"));
    const args = ["notify", "--file", file, "--max-recipients", "2", "--json"];
    const streamed = await collab.knock(args);
    expect([streamed.documents.length, streamed.exitCode]).toEqual([1, 6]);
    expect(streamed.error.message).toMatch(
      /triggers\.jsonl:2: --max-recipients is 2, but the lines so far have 3 recipients$/,
    );
    expect(await collab.knock([...args, "--all-or-nothing"])).toMatchObject({ stdout: "", exitCode: 6 });
    args[4] = "4";
    expect((await collab.knock([...args, "--all-or-nothing"])).documents).toHaveLength(3);
  });
});

describe.concurrent("a recipient guard in a profile", () => {
  it("also applies if the key is from elsewhere, and together with the project's", async ({ collab, api }) => {
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

  it("is kept by a login, and never ignored if it is invalid", async ({ collab, api }) => {
    setProfileGuard(collab, { allow: ["user:qa-*"] });
    await collab.knock(["auth", "login", "--with-key"], { input: "sk_test_other" });
    expect((await remote(collab, api, [...NOTIFY, "-r", "ada"])).exitCode).toBe(6);
    for (const recipients of ["ada", { alow: [] }, { allow: "user:qa-*" }, { allow: [5] }, { allow: ["*"] }]) {
      setProfileGuard(collab, recipients);
      const { stderr, exitCode } = await remote(collab, api, [...NOTIFY, "-r", "qa-1"]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining("valid profiles file") });
    }
    const profiles = { default: { api_key: KEY, recipient: { allow: ["user:qa-*"] } } } as never;
    collab.write("../home/.config/knock/profiles.json", { default: "default", profiles });
    expect((await remote(collab, api, [...NOTIFY, "-r", "qa-1"])).stderr).toContain("valid profiles file");
  });
});
