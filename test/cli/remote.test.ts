import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest } from "../helpers/run-in-process.js";
import { type CommandResult, cliTest, formatOutcome, type RunOptions, type Sample } from "../helpers/run-knock.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";
import { event, get, message, NOT_FOUND, page, RUN_ID, recipientRun, runId } from "../remote/api-bodies.js";

const KEY = "sk_test_0123456789abcdefghij";
const SECRET = "0123456789abcdefghij";
const TRIGGER = "/v1/workflows/new-comment/trigger";
const COMMENT = ["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--remote"];
const BODY = { recipients: ["ada"], data: { page: "Home" } };
const ACCEPTED = { json: { workflow_run_id: RUN_ID } };

/** A stub API for the test. At the end, it checks that it received exactly the expected requests. */
async function stubApi({ task: _task }: { task: unknown }, use: (api: StubApi) => Promise<void>): Promise<void> {
  const api = await startStubApi(KEY);
  await use(api);
  await api.finish();
}

const it = inProcessTest.extend<{ api: StubApi }>({ api: stubApi });
/** A stub API for the built command, whose HTTP client is a separate bundle with its own errors. */
const builtTest = cliTest.extend<{ api: StubApi }>({ api: stubApi });

async function remote(
  sample: Sample,
  api: StubApi,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const env = { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: api.url, ...options.env };
  const ran = await sample.knock(args, { ...options, env });
  expect(ran.stdout + ran.stderr).not.toContain(SECRET);
  return ran;
}

describe.concurrent("a remote trigger", () => {
  builtTest("sends the payload with its headers, and prints the response", async ({ collab, api }) => {
    const expected = {
      method: "POST",
      path: TRIGGER,
      headers: { "idempotency-key": "k1", "x-knock-branch": "feature", "user-agent": /^knock-cli\/\d/ },
      body: { ...BODY, actor: "alan", tenant: "acme", cancellation_key: "c1", settings: { skip_delay: true } },
      reply: ACCEPTED,
    };
    api.expect(expected, expected);
    const flags = ["--actor", "alan", "--tenant", "acme", "--cancellation-key", "c1", "--skip-delay"];
    const args = [...COMMENT, ...flags, "--idempotency-key", "k1", "--branch", "feature"];
    const { outcome, stderr, exitCode } = await remote(collab, api, [...args, "--json"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(outcome).toEqual({
      workflow_run_id: RUN_ID,
      workflow: "new-comment",
      target: "remote",
      cancellation_key: "c1",
      recipients: null,
      summary: null,
    });
    const human = await remote(collab, api, args);
    expect(human.stdout).toBe(
      `✓ new-comment  ${RUN_ID}  remote\n  accepted; use --wait to see what happens to each recipient`,
    );
  });

  it("needs no project, and says that nothing was checked without one", async ({ empty, api }) => {
    api.expect({
      method: "POST",
      path: TRIGGER,
      headers: { "idempotency-key": /^knock-cli-[0-9a-f-]{36}$/ },
      body: BODY,
      reply: ACCEPTED,
    });
    const { stdout, stderr, exitCode } = await remote(empty, api, COMMENT);
    expect(stdout).toContain(RUN_ID);
    expect(stderr).toBe("note: no local project has this workflow; the data was not checked before sending");
    expect(exitCode).toBe(0);
  });

  it("is checked with the project that has the workflow, unless disabled", async ({ collab, api }) => {
    const args = ["notify", "new-comment", "-r", "ada", "--remote"];
    const checked = await remote(collab, api, args);
    expect(checked.exitCode).toBe(2);
    expect(checked.stderr).toContain("data.page is required");
    api.expect({ method: "POST", path: TRIGGER, body: { recipients: ["ada"] }, reply: ACCEPTED });
    expect((await remote(collab, api, [...args, "--no-validate"])).exitCode).toBe(0);
  });

  it("is not the default when the environment has an API key", async ({ collab, api }) => {
    const { outcome } = await remote(collab, api, [...COMMENT.slice(0, -1), "--json"]);
    expect(outcome.target).toBe("local");
    expect(api.requests).toEqual([]);
  });

  it("reads the target from knock.json and the key from a profile", async ({ collab, api }) => {
    collab.write("knock.json", { knockDir: "./knock", settings: { target: "remote", base_url: api.url } });
    await collab.knock(["auth", "login", "--with-key"], { input: KEY });
    api.expect({ method: "POST", path: TRIGGER, body: BODY, reply: ACCEPTED });
    const { stdout } = await collab.knock(COMMENT.slice(0, -1));
    expect(stdout).toContain("  remote");
  });

  builtTest(
    "sends one request per line of JSON Lines, and a failed line does not affect others",
    async ({ collab, api }) => {
      const lines = ["ada", "lin", "grace"].map((id) => JSON.stringify({ key: "invite", recipients: [id] })).join("\n");
      const expected = (id: string) => ({
        method: "POST",
        path: "/v1/workflows/invite/trigger",
        body: { recipients: [id] },
      });
      api.expect(
        { ...expected("ada"), reply: ACCEPTED },
        { ...expected("lin"), reply: { status: 404, json: { ...NOT_FOUND, code: "workflow_missing" } } },
        { ...expected("grace"), reply: ACCEPTED },
      );
      const args = ["notify", "-f", "-", "--format", "jsonl", "--remote", "--json"];
      const { documents, stderr, exitCode } = await remote(collab, api, args, { input: lines });
      expect(documents).toHaveLength(2);
      expect(stderr).toContain("error: standard input:2:");
      expect(exitCode).toBe(9);
    },
  );
});

describe.concurrent("a response of the API", () => {
  it.for<[status: number, body: unknown, exit: number, code: string, message: string]>([
    [401, { code: "api_key_invalid", message: "Unknown key" }, 4, "authentication", "Unknown key (api_key_invalid)"],
    [403, { code: "forbidden", message: "Not with this key" }, 4, "not_allowed", "Not with this key (forbidden)"],
    [404, { code: "workflow_missing", message: "No such workflow" }, 5, "workflow_missing", "No such workflow"],
    [422, { code: "workflow_inactive", message: "Inactive" }, 6, "workflow_inactive", "Inactive"],
    [418, "<html>tea</html>", 7, "remote_failed", "did not respond like the Knock API (HTTP 418)"],
    [301, "", 7, "remote_failed", "did not respond like the Knock API (HTTP 301)"],
  ])("%i %j exits with %i and the code %s", async ([status, body, exit, code, text], { collab, api }) => {
    const reply = typeof body === "string" ? { status, text: body } : { status, json: body };
    api.expect({ method: "POST", path: TRIGGER, body: BODY, reply });
    const { error, stderr, stdout, exitCode } = await remote(collab, api, [...COMMENT, "--json"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: exit, stdout: "" });
    expect(error).toMatchObject({ code, status, request_id: "req_stub", message: expect.stringContaining(text) });
    expect(stderr).toMatch(/^error: .+\nhint: .+\nrequest id: req_stub\n\{/);
  });

  it("422 keeps the field errors as pointers", async ({ collab, api }) => {
    const errors = [
      { field: "recipients[0]", message: "is bad" },
      { field: "data.page", message: "is worse" },
    ];
    api.expect({
      method: "POST",
      path: TRIGGER,
      body: BODY,
      reply: { status: 422, json: { code: "invalid_params", message: "Invalid", errors } },
    });
    const { error, stderr, exitCode } = await remote(collab, api, [...COMMENT, "--json"]);
    expect(exitCode).toBe(2);
    expect(error.details).toEqual([
      { pointer: "/recipients/0", message: "is bad" },
      { pointer: "/data/page", message: "is worse" },
    ]);
    expect(stderr).toContain("  recipients[0] is bad\n  data.page is worse\n");
  });

  builtTest.for<[status: number, exit: number, code: string]>([
    [429, 8, "rate_limited"],
    [500, 7, "remote_failed"],
    [503, 7, "remote_failed"],
  ])(
    "%i is retried up to three tries with one idempotency key: exit %i",
    async ([status, exit, code], { collab, api }) => {
      const one = {
        method: "POST",
        path: TRIGGER,
        body: BODY,
        reply: { status, headers: { "retry-after": "0" }, json: { code: "x", message: "Not now" } },
      };
      api.expect(one, one, one);
      const { error, exitCode } = await remote(collab, api, [...COMMENT, "--json"]);
      expect(exitCode).toBe(exit);
      expect(error).toMatchObject({ code, status });
      expect(new Set(api.requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    },
  );

  builtTest("exits 7 without one, and does not touch the store", async ({ collab, api }) => {
    // A reserved port without a server.
    const args = [...COMMENT, "--base-url", "http://127.0.0.1:1", "--json"];
    const { error, exitCode } = await remote(collab, api, args);
    expect(exitCode).toBe(7);
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringContaining("refused") });
    expect(() => collab.read(".knock-local/store.db")).toThrow("ENOENT");
  });

  builtTest("is awaited for --timeout in each try", async ({ collab, api }) => {
    // On a busy machine, an attempt can end before its request arrives, so their number is not checked here.
    const unanswered = { method: "POST", path: TRIGGER, body: BODY, reply: { ...ACCEPTED, delay: 600_000 } };
    api.expect({ ...unanswered, isRepeated: true });
    const { error, exitCode } = await remote(collab, api, [...COMMENT, "--timeout", "1s", "--json"]);
    expect(exitCode).toBe(7);
    expect(error.code).toBe("unreachable");
  });
});

describe.concurrent("a connection", () => {
  it("is described by --verbose on standard error, without the key", async ({ collab, api }) => {
    api.expect({ method: "POST", path: TRIGGER, body: BODY, reply: ACCEPTED });
    const { stderr, stdout } = await remote(collab, api, [...COMMENT, "--verbose"]);
    expect(stderr).toContain(`> POST ${api.url}${TRIGGER}\n> authorization: Bearer sk_…redacted\n`);
    expect(stderr).toMatch(/< HTTP 200 in \d+ ms\n/);
    expect(stdout).toContain(RUN_ID);
  });

  it.for<[file: string, message: string]>([
    ["missing.pem", "error: KNOCK_CA_FILE: missing.pem does not exist\n"],
    ["knock.json", "error: KNOCK_CA_FILE: knock.json contains no certificate in the PEM format\n"],
  ])("is not opened if KNOCK_CA_FILE is %s", async ([KNOCK_CA_FILE, message], { collab, api }) => {
    const { stderr, exitCode } = await remote(collab, api, COMMENT, { env: { KNOCK_CA_FILE } });
    expect({ message: stderr.slice(0, message.length), exitCode }).toEqual({ message, exitCode: 2 });
  });
});

describe.concurrent("API keys", () => {
  const linuxTest = builtTest.skipIf(process.platform !== "linux"); // Only Linux has /proc.
  linuxTest("given by --api-key are not visible in the list of processes", async ({ collab, api }) => {
    let line = "";
    const reply = () => {
      line = readFileSync(`/proc/${command.pid}/cmdline`, "utf8");
      return ACCEPTED;
    };
    api.expect({ method: "POST", path: TRIGGER, body: BODY, reply });
    const command = collab.start([...COMMENT, "--api-key", KEY, "--base-url", api.url]);
    expect((await command).exitCode).toBe(0);
    expect(line).toMatch(/^knock\0/);
    expect(line).not.toContain(SECRET);
  });

  it("exit 4 if no key is set", async ({ collab, api }) => {
    const { error, exitCode } = await remote(collab, api, [...COMMENT, "--json"], { env: { KNOCK_API_KEY: "" } });
    expect(exitCode).toBe(4);
    expect(error).toMatchObject({ code: "authentication", hint: expect.stringContaining("knock auth login") });
  });

  it("exit 6 without a request for a live key if there is no --yes and no terminal", async ({ collab, api }) => {
    const env = { KNOCK_API_KEY: `sk_live_${SECRET}`, KNOCK_BASE_URL: "https://knock.invalid" };
    const { error, exitCode } = await remote(collab, api, [...COMMENT, "--json"], { env });
    expect(exitCode).toBe(6);
    expect(error).toMatchObject({ code: "confirmation_needed", hint: expect.stringContaining("--yes") });
  });

  it.for<[url: string, error: RegExp]>([
    ["nonsense", /^error: KNOCK_BASE_URL: "nonsense" is not a URL$/m],
    ["ftp://127.0.0.1", /^error: KNOCK_BASE_URL must start with https/],
    [
      "http://api.example.com",
      /^error: KNOCK_BASE_URL: plain http to api\.example\.com would send the API key unencrypted/,
    ],
    [`https://u:${SECRET}@api.example.com`, /^error: KNOCK_BASE_URL must not contain a user name or password$/m],
  ])("are not sent to an invalid base URL: %s", async ([url, error], { collab, api }) => {
    for (const key of [KEY, `sk_live_${SECRET}`]) {
      const env = { KNOCK_BASE_URL: url, KNOCK_API_KEY: key };
      const { stderr, exitCode } = await remote(collab, api, COMMENT, { env });
      expect(stderr).toMatch(error);
      expect(exitCode).toBe(2);
    }
  });

  it("are redacted in a response or an error that contains them", async ({ collab, api }) => {
    api.expect({
      method: "POST",
      path: TRIGGER,
      body: BODY,
      reply: { status: 401, json: { code: "api_key_invalid", message: `The key ${KEY} is not known` } },
    });
    const { stderr } = await remote(collab, api, [...COMMENT, "--json"], { env: { KNOCK_DEBUG: "1" } });
    expect(stderr).toContain("error: The key");
  });
});

describe.concurrent("commands after a remote trigger", () => {
  builtTest("--wait follows the runs and completes the outcomes", async ({ collab, api }) => {
    const answers: Record<string, unknown> = {
      trigger: { workflow_run_id: RUN_ID },
      runs: page([recipientRun(1), recipientRun(2)]),
      [runId(1)]: recipientRun(1, { events: [event("step_completed", "email_1"), event("completed")] }),
      [runId(2)]: recipientRun(2, { events: [event("completed")] }),
      messages: page([message("m1", 1, "email_1")]),
    };
    // The remote target's own test checks the requests and their order; this one checks the command's output.
    const answering = await startAnswering((path) => {
      if (path.endsWith("/trigger")) return answers.trigger;
      if (path.startsWith("/v1/messages")) return answers.messages;
      return answers[[runId(1), runId(2)].find((id) => path.includes(id)) ?? "runs"];
    });
    try {
      const args = [...COMMENT, "--wait", "60s", "--json", "--base-url", answering.url];
      const { outcome, exitCode } = await remote(collab, api, args);
      expect(exitCode).toBe(0);
      expect(formatOutcome(outcome)).toEqual(["u2 completed: ", "u1 completed: email_1 sent"]);
      expect(outcome.summary).toMatchObject({ recipients: 2, sent: 1 });
      expect(answering.paths.some((path) => path.startsWith("/v1/workflow_recipient_runs?"))).toBe(true);
    } finally {
      await answering.close();
    }
  });

  it("cancel is accepted, and says that the API reports no details", async ({ collab, api }) => {
    const one = {
      method: "POST",
      path: "/v1/workflows/invite/cancel",
      body: { cancellation_key: "c1", recipients: ["lin"] },
      reply: { status: 204 },
    };
    api.expect(one, one);
    const args = ["cancel", "invite", "c1", "-r", "lin", "--remote"];
    expect((await remote(collab, api, args)).stdout).toContain(
      "accepted; the API does not report which runs were canceled",
    );
    const { json, exitCode } = await remote(collab, api, [...args, "--json", "--fail-if-none"]);
    expect(json).toEqual({
      workflow: "invite",
      cancellation_key: "c1",
      target: "remote",
      recipients: null,
      summary: null,
    });
    expect(exitCode).toBe(0);
  });

  it("warn that --store has no effect", async ({ empty, api }) => {
    api.expect(get("/v1/messages/m1", NOT_FOUND, 404));
    const { stderr } = await remote(empty, api, ["messages", "show", "m1", "--remote", "--store", "x.db"]);
    expect(stderr).toContain("warning: --store has no effect on the remote target");
  });

  it("runs list says that the API does not report what completed runs sent", async ({ empty, api }) => {
    api.expect(get("/v1/workflow_recipient_runs?page_size=50", page([recipientRun(1)])));
    const { stdout, stderr } = await remote(empty, api, ["runs", "list", "--remote"]);
    expect(stdout).toMatch(/u1 +completed /);
    expect(stderr).toContain("the API does not list what completed runs sent; run `knock runs show <id>` to see it");
  });

  it("messages and runs come from the API", async ({ empty, api }) => {
    api.expect(get("/v1/messages/m1", NOT_FOUND, 404));
    const { error, exitCode } = await remote(empty, api, ["messages", "show", "m1", "--remote", "--json"]);
    expect(exitCode).toBe(5);
    expect(error.code).toBe("resource_missing");
  });
});

/** Starts a server that answers every request by its path. */
async function startAnswering(answer: (path: string) => unknown) {
  const { createServer } = await import("node:http");
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer(request.url ?? "")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as import("node:net").AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
