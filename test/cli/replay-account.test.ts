import { cpSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openProjectApi, type ProjectApi } from "../helpers/project-emulator.js";
import { runInProcess } from "../helpers/run-in-process.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const MAIL = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail" };
const URGENT = [{ variable: "data.urgent", operator: "equal_to", argument: true }];

const WELCOME = {
  name: "Welcome",
  steps: [
    { ...FEED, template: { markdown_body: "Hello {{ recipient.name }}, {{ data.text }}" } },
    {
      ...MAIL,
      conditions: { all: URGENT },
      template: { subject: "For {{ recipient.name }}", html_body: "<p>{{ recipient.email }}</p>", settings: {} },
    },
  ],
};
const SILENT = { name: "Silent", steps: [{ ...FEED, conditions: { all: URGENT }, template: { markdown_body: "x" } }] };
const PARENT = {
  name: "Parent",
  steps: [
    { ...FEED, template: { markdown_body: "From {{ actor.name }}" } },
    { ref: "start", type: "trigger_workflow", settings: { workflow_key: "hello", recipients: "{{ recipient.id }}" } },
  ],
};
const DIGEST = {
  name: "Digest",
  steps: [
    { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } },
    { ...FEED, template: { markdown_body: "{{ total_activities }}: {% for a in activities %}{{ a.n }} {% endfor %}" } },
  ],
};
const LATER = {
  name: "Later",
  steps: [
    { ...FEED, template: { markdown_body: "Now" } },
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
    { ...FEED, ref: "feed_2", template: { markdown_body: "An hour later {{ n }}" } },
  ],
};

const FILES = {
  "knock/workflows/digest/workflow.json": DIGEST,
  "knock/workflows/later/workflow.json": LATER,
  "knock/workflows/welcome/workflow.json": WELCOME,
  "knock/workflows/silent/workflow.json": SILENT,
  "knock/workflows/parent/workflow.json": PARENT,
  "knock/recipients/people.json": {
    users: [
      { id: "ada-lovelace", name: "Ada Lovelace", email: "ada@lark.test" },
      {
        id: "bo-derek",
        name: "Bo Derek",
        email: "bo@lark.test",
        preferences: { default: { channel_types: { email: false } } },
      },
    ],
    objects: [{ id: "apollo", collection: "projects", name: "Apollo" }],
    subscriptions: [{ object: { id: "apollo", collection: "projects" }, recipient: "ada-lovelace" }],
  },
};

interface Report {
  summary: Record<string, number>;
  recipients: {
    recipient: string;
    gained: unknown[];
    lost: unknown[];
    changed: { fields: Record<string, string>[] }[];
  }[];
  notes: string[];
}

/** Forwards requests to the emulator, and fails those whose path contains a text. */
class RecordingServer {
  readonly requests: string[] = [];
  failure: { path: string; status: number } | null = null;
  /** Whether runs have no events, as the API may leave out any of them. */
  hidesEvents = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: string): Promise<RecordingServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const recording = new RecordingServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", async ({ method, url = "", headers }, response) => {
      recording.requests.push(`${method} ${url}`);
      const { failure } = recording;
      if (failure !== null && url.includes(failure.path)) {
        response.writeHead(failure.status, { "content-type": "application/json", "x-should-retry": "false" });
        response.end(JSON.stringify({ code: "broken", message: "broken", type: "api_error", status: failure.status }));
        return;
      }
      const answer = await fetch(target + url, { headers: { authorization: String(headers.authorization) } });
      response.writeHead(answer.status, { "content-type": "application/json" });
      const text = await answer.text();
      const isRun = /workflow_recipient_runs\/[^?]/.test(url);
      response.end(recording.hidesEvents && isRun ? JSON.stringify({ ...JSON.parse(text), events: [] }) : text);
    });
    return recording;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

describe("knock replay --remote", () => {
  let api: ProjectApi;
  let server: RecordingServer;
  let local: TemporaryProject;

  const replay = async (...args: string[]) => {
    const result = await runInProcess({
      args: ["replay", "--remote", "--base-url", server.url, "--api-key", "sk_live_test", ...args],
      cwd: local.root,
      env: {},
    });
    return { ...result, report: (result.stdout.startsWith("{") ? JSON.parse(result.stdout) : null) as Report };
  };

  const trigger = async (workflow: string, body: unknown) => {
    const { status, body: answer } = await api.request(`POST /v1/workflows/${workflow}/trigger`, body);
    expect(status, JSON.stringify(answer)).toBe(200);
  };

  beforeAll(async () => {
    api = await openProjectApi(FILES);
    server = await RecordingServer.start(api.url);
    const start = Date.now() - 12 * 3_600_000;
    await api.request("POST /__knock/clock", { freeze: new Date(start).toISOString() });
    await trigger("welcome", { recipients: ["ada-lovelace", "bo-derek"], data: { text: "hi", urgent: true } });
    await trigger("welcome", { recipients: ["ada-lovelace"], data: { text: "ask bo@lark.test or MAX@other.test" } });
    await trigger("silent", { recipients: ["ada-lovelace"] });
    await trigger("parent", { recipients: ["ada-lovelace"], actor: "bo-derek" });
    await trigger("hello", { recipients: [{ id: "apollo", collection: "projects" }], data: { n: 3 } });
    await trigger("digest", { recipients: ["bo-derek"], actor: "ada-lovelace", data: { n: 1 } });
    await trigger("digest", { recipients: ["bo-derek"], actor: "bo-derek", data: { n: 2 } });
    await trigger("later", { recipients: ["ada-lovelace", "bo-derek"], cancellation_key: "k", data: { n: 1 } });
    await api.request("POST /__knock/clock", { advance: "30m" });
    await api.request("POST /v1/workflows/later/cancel", { cancellation_key: "k", recipients: ["bo-derek"] });
    await api.request("POST /__knock/clock", { advance: "11h" });
  });

  beforeEach(() => {
    local = new TemporaryProject({});
    cpSync(api.project.root, local.root, { recursive: true });
    server.requests.length = 0;
    server.failure = null;
    server.hidesEvents = false;
  });

  afterEach(() => local.remove());

  afterAll(async () => {
    await server.close();
    await api.close();
  });

  it("finds no difference while the files are those of the account, and sends only GET requests", async () => {
    const { report, exitCode, stderr } = await replay("--json");
    expect(report).toMatchObject({ source: "the account", recipients: [], rejected: [] });
    expect(report.summary).toMatchObject({ triggers: 7, before: 12, after: 12, equal: 12 });
    expect(report.notes).toEqual([expect.stringMatching(/^1 trigger is not replayed: the API shows the data/)]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(server.requests.filter((request) => !request.startsWith("GET "))).toEqual([]);
    const ofUsers = server.requests.filter((request) => request.endsWith("/v1/users/ada-lovelace"));
    expect(ofUsers).toHaveLength(1);
  });

  it("shows exactly the messages that changed files change, without personal data", async () => {
    const [feed, mail] = WELCOME.steps as [object, object];
    const changed = { ...feed, template: { markdown_body: "Bye {{ recipient.name }}, {{ data.text }}" } };
    local.write({
      "knock/workflows/welcome/workflow.json": { ...WELCOME, steps: [changed, { ...mail, conditions: null }] },
    });
    const page = local.path("report.html");
    const { report, exitCode, stdout, stderr } = await replay("--json", "--html", page);
    expect(exitCode, stderr).toBe(1);
    expect(report.summary).toMatchObject({ gained: 1, lost: 0, changed: 3, equal: 9, recipients: 2 });
    const text = await replay();
    expect(text.stdout).toMatch(/\+ <p>Bye \w+ \w+, hi<\/p>/);
    for (const output of [stdout, text.stdout, readFileSync(page, "utf8")])
      expect(output).not.toMatch(/lovelace|derek|lark\.test|other\.test/i);

    const kept = await replay("--json", "--keep-personal-data");
    expect(kept.report.recipients.map(({ recipient }) => recipient)).toEqual(["ada-lovelace", "bo-derek"]);
    expect(kept.stdout).toContain("Bye Ada Lovelace, ask bo@lark.test or MAX@other.test");
    const onlyMessages = await replay("--json", "--no-content");
    expect(onlyMessages.report.summary).toMatchObject({ gained: 1, changed: 0, equal: 12 });
    expect(server.requests.filter((request) => request.includes("/content"))).toHaveLength(3 * 12);
  });

  it("reads up to --limit recipient runs of the given workflows and range, and says if there are more", async () => {
    const { report } = await replay("--json", "--limit", "2", "welcome");
    expect(report.summary).toMatchObject({ triggers: 2, equal: 2 });
    expect(report.notes[0]).toBe("only the newest 2 recipient runs are replayed: use --limit for more");
    expect((await replay("--json", "--since", "1h")).report.summary).toMatchObject({ triggers: 0 });
    const { exitCode, stderr } = await replay("--limit", "0");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--limit: "0" must be a whole number')]);
    const { exitCode: localCode, stderr: localError } = await runInProcess({
      args: ["replay", "--limit", "2"],
      cwd: local.root,
      env: {},
    });
    expect([localCode, localError]).toEqual([2, expect.stringContaining("only for triggers of the account")]);
  });

  it.for([
    ["/v1/workflow_recipient_runs?", 500],
    ["/v1/workflow_recipient_runs/", 401],
    ["/v1/messages?", 403],
    ["/content", 500],
    ["/v1/users/", 400],
  ] as const)("reports one error if %s is answered %i", async ([path, status]) => {
    server.failure = { path, status };
    const { exitCode, stdout, stderr } = await replay("--json");
    expect([exitCode, stdout]).toEqual([expect.toSatisfy((code: number) => code > 1), ""]);
    expect(stderr.match(/^error: /gm)).toHaveLength(1);
    expect(stderr).toContain(status === 500 ? "HTTP 500" : "broken");
  });

  it("finds no difference if the API does not show the events of runs", async () => {
    server.hidesEvents = true;
    const { report, exitCode } = await replay("--json");
    expect(report).toMatchObject({ recipients: [], summary: { triggers: 7, equal: 11 } });
    expect(report.notes).toContain("1 run that a step started is not compared");
    expect(exitCode).toBe(0);
    const ofParent = await replay("--json", "parent");
    expect(ofParent.report).toMatchObject({ recipients: [], summary: { triggers: 1, equal: 1 } });
  });

  it("reads a range that ended earlier", async () => {
    const until = new Date(Date.now() - 30 * 3_600_000).toISOString();
    const { report, exitCode, stderr } = await replay("--json", "--until", until);
    expect([exitCode, report.summary.triggers, stderr]).toEqual([0, 0, expect.stringContaining("no triggers")]);
  });

  it("compares messages without content if the API no longer has it", async () => {
    server.failure = { path: "/content", status: 404 };
    const { report, exitCode } = await replay("--json");
    expect(report.notes.at(-1)).toBe("12 messages are compared without content, which is no longer available");
    expect(exitCode).toBe(0);
  });

  // The last test, because its runs would count in the others.
  it("reads all pages of runs", async () => {
    const recipients = Array.from({ length: 60 }, (_, index) => ({ id: `person-${index}` }));
    await trigger("hello", { recipients, data: { n: 7 } });
    const { report } = await replay("--json", "--since", "2h", "hello");
    expect(report).toMatchObject({ recipients: [], notes: [], summary: { triggers: 1, equal: 60 } });
    const lists = server.requests.filter((request) => request.includes("/v1/workflow_recipient_runs?"));
    expect(lists).toHaveLength(2);
    const part = await replay("--json", "--since", "2h", "--limit", "55", "hello");
    expect(part.report).toMatchObject({ recipients: [], summary: { triggers: 1, equal: 55 } });
    expect(part.report.notes).toEqual([expect.stringContaining("only the newest 55 recipient runs")]);
  });
});
