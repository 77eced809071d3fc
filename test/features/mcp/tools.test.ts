import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { createSample, type Sample, type StartedCommand } from "../../helpers/run-knock.js";
import { connectOnStdio, connectOverHttp, type Era, type McpClient, startDev } from "./connect-client.js";

const NAMES = [
  "list_workflows",
  "trigger",
  "explain",
  "messages",
  "clock",
  "preview",
  "run_scenarios",
  "validate",
  "compare",
  "faults_and_reset",
  "docs",
];

let sample: Sample;
let dev: StartedCommand;
const clients = new Map<string, McpClient>();

/** Both transports and both protocols. Every tool is called over the first two. */
const CONNECTIONS: [name: string, transport: "stdio" | "http", era: Era][] = [
  ["stdio, 2026-07-28", "stdio", "modern"],
  ["HTTP, initialize", "http", "legacy"],
  ["stdio, initialize", "stdio", "legacy"],
  ["HTTP, 2026-07-28", "http", "modern"],
];

beforeAll(async () => {
  sample = createSample("collab");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: sample.dir });
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-qm", "first");
  const { url, process } = await startDev(sample);
  dev = process;
  for (const [name, transport, era] of CONNECTIONS)
    clients.set(
      name,
      transport === "http"
        ? await connectOverHttp(url, era)
        : await connectOnStdio(sample, { era, args: ["--store", ":memory:"] }),
    );
});
afterAll(async () => {
  for (const { close } of clients.values()) await close();
  dev.kill("SIGTERM");
  await dev;
  sample.remove();
});

/** Returns a sentence of a text, without the marks of data. */
const run = (name: string) => (tool: string, values?: JsonObject) =>
  (clients.get(name) as McpClient).call(tool, values);

describe.each(CONNECTIONS)("a connection over %s", (name, _transport, era) => {
  it("speaks the protocol of the client, and runs a tool", async () => {
    const version = clients.get(name)?.client.getNegotiatedProtocolVersion();
    expect(version).toBe(era === "modern" ? "2026-07-28" : "2025-11-25");
    expect((await run(name)("trigger", { workflow: "storage-low", recipients: ["ada"] })).isError).toBe(false);
  });
});

describe.each(CONNECTIONS.slice(0, 2))("the tools over %s", (name) => {
  const call = run(name);

  it("lists eleven tools in less than 6,000 tokens, each with a title, a short description and hints", async () => {
    const { tools } = await (clients.get(name) as McpClient).client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(NAMES);
    for (const { title, description = "", annotations, outputSchema } of tools) {
      expect(title).toMatch(/^[A-Z]/);
      expect(description.split(/\s+/).length).toBeLessThanOrEqual(60);
      expect(annotations).toMatchObject({ readOnlyHint: expect.any(Boolean), openWorldHint: false });
      expect(outputSchema).toMatchObject({ type: "object", required: ["ok", "summary", "next"] });
    }
    const counted = tools.map(({ outputSchema: _, ...tool }) => tool);
    expect(JSON.stringify(counted).length / 4).toBeLessThanOrEqual(6_000);
  });

  it("runs a workflow from its trigger to a message, and explains a skipped step with its place", async () => {
    await call("faults_and_reset", { action: "reset" });
    expect((await call("list_workflows")).text).toMatch(/new-comment +New comment +3/);
    expect((await call("list_workflows", { workflow: "new-comment" })).text).toContain("delay 30 minutes");
    const triggered = await call("trigger", {
      workflow: "new-comment",
      recipients: ["ada", "grace", { id: "zoe", name: "Zoe", email: "zoe@example.com" }],
      data: { page: "Home" },
      full: true,
    });
    expect(triggered.text).toContain("3 delivered · 3 waiting");
    const { document, next } = triggered.content as { document: JsonObject; next: JsonObject[] };
    expect(document.recipients).toHaveLength(3);
    expect(next).toEqual([
      { tool: "messages", arguments: { action: "list", run: document.workflow_run_id } },
      { tool: "clock", arguments: { action: "next" } },
    ]);
    const moved = await call("clock", { action: "next" });
    expect(moved.text).toContain("ada  email skipped (preference: categories.collab.channel_types.email = false)");
    const tried = await call("explain", { workflow: "new-comment", recipient: "ada" });
    const [newest] = tried.content.next as [{ arguments: JsonObject }];
    const explained = await call("explain", newest.arguments);
    expect(explained.text).toContain("email_1 email: skipped");
    expect(explained.text).toMatch(/at knock\/recipients\/people\.json:\d+:\d+, the recipient's set default/);
    const listed = await call("messages", { action: "list", recipient: "zoe", channel: "sendgrid" });
    const [{ arguments: get }] = listed.content.next as [{ arguments: JsonObject }];
    const message = await call("messages", get);
    expect(message.text).toContain("subject: Someone commented on Home");
    expect(message.text).toContain("links:\n  https://app.collab.example.com");
  });

  it("waits for a message, and says that none arrived", async () => {
    const values = { workflow: "welcome", recipients: ["grace"], skip_delay: true };
    const waiting = call("messages", { action: "wait", workflow: "welcome", timeout_s: 60 });
    expect((await call("trigger", values)).isError).toBe(false);
    expect((await waiting).text).toContain("subject: Welcome to Collab, Grace");
    const none = await call("messages", { action: "wait", recipient: "grace", workflow: "invite", timeout_s: 1 });
    expect(none.content).toMatchObject({ ok: false, next: [{ tool: "clock", arguments: { action: "next" } }] });
  });

  it("explains a recipient without a run, and changes nothing", async () => {
    await call("faults_and_reset", { action: "reset" });
    const { text } = await call("explain", { workflow: "new-comment", recipient: "ada", data: { page: "Home" } });
    expect(text).toContain("ada would get a message");
    expect(text).toContain("categories.collab.channel_types.email = false");
    expect((await call("messages", { action: "list" })).text).toContain("no messages");
    const stranger = { id: "kim", email: "kim@example.com" };
    const values = { workflow: "new-comment", recipient: stranger, data: { page: "Home" } };
    expect((await call("explain", values)).text).toContain("kim would get a message");
    const { isError, text: unknown } = await call("explain", { workflow: "new-coment", recipient: "ada" });
    expect({ isError, unknown }).toMatchObject({ isError: true, unknown: expect.stringContaining("new-comment") });
  });

  it("renders, validates, compares, runs scenarios, and reads the documentation", async () => {
    const rendered = await call("preview", {
      workflow: "new-comment",
      step: "email_1",
      data: { page: "X" },
      full: true,
    });
    expect(rendered.text).toContain("subject: Someone commented on X");
    const validated = await call("validate", { workflows: ["new-comment"], full: true });
    expect(validated.content).toMatchObject({ ok: true, document: { summary: { errors: 0 } } });
    expect((await call("compare", { base: "HEAD" })).text).toContain("Nothing changes.");
    const tested = await call("run_scenarios", { paths: ["new-comment", "knock/workflows/welcome"] });
    expect(tested.text).toMatch(/8 passed {2}2 files/);
    expect(tested.text).not.toContain("✓");
    expect((await call("docs", { search: "move the clock" })).text).toContain("guide/time-and-batches");
    expect((await call("docs", { page: "guide/test-workflows" })).text).toContain("# ");
  });

  it("makes deliveries fail, and lists and clears the faults", async () => {
    await call("faults_and_reset", { action: "add", channel: "email", status: 503, times: 2 });
    expect((await call("faults_and_reset", { action: "list" })).text).toContain('"status":503');
    const { text } = await call("trigger", { workflow: "welcome", recipients: ["alan"] });
    expect(text).toContain("queued");
    expect((await call("faults_and_reset", { action: "clear" })).text).toContain("1 fault cleared");
  });

  it("reports errors as results, with the code, the place and the nearest valid name", async () => {
    const cases: [string, JsonObject, JsonObject][] = [
      [
        "trigger",
        { workflow: "new-coment", recipients: ["ada"] },
        { code: "workflow_missing", hint: 'Did you mean "new-comment"?' },
      ],
      ["trigger", { workflow: "--remote", recipients: ["ada"] }, { code: "workflow_missing" }],
      [
        "messages",
        { action: "list", recipientt: "ada" },
        { code: "invalid_params", details: [expect.objectContaining({ suggested_key: "recipient" })] },
      ],
      ["messages", { action: "send" }, { code: "invalid_params" }],
      [
        "trigger",
        { workflow: "new-comment", recipients: ["ada"] },
        { code: "invalid_params", details: [expect.objectContaining({ pointer: "/data/page" })] },
      ],
      [
        "run_scenarios",
        { paths: ["../../etc/x.test.yaml"] },
        { code: "usage", message: '"../../etc/x.test.yaml" is outside the project' },
      ],
      ["compare", { base: "/" }, { code: "usage", message: '"/" is outside the project' }],
      ["compare", { base: "--output=/tmp/x" }, { code: "usage" }],
      ["explain", { run: "nothing" }, { code: "resource_missing" }],
      ["explain", { workflow: "welcome" }, { code: "usage" }],
      ["docs", {}, { code: "usage" }],
      ["messages", { action: "list", remote: true }, { code: "invalid_params" }],
    ];
    for (const [tool, values, error] of cases) {
      const { isError, text } = await call(tool, values);
      expect({ tool, values, isError }).toEqual({ tool, values, isError: true });
      expect(JSON.parse(text.split("\n")[1] ?? "")).toMatchObject({ error });
    }
  });

  it("reads resources and prompts", async () => {
    const { client } = clients.get(name) as McpClient;
    const read = async (uri: string) =>
      (await client.readResource({ uri })).contents as { mimeType: string; text: string }[];
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(["knock://workflow/new-comment", "knock://schema/scenario", "knock://error/usage"]),
    );
    expect(JSON.parse((await read("knock://workflow/new-comment"))[0]?.text ?? "")).toMatchObject({
      key: "new-comment",
    });
    expect(JSON.parse((await read("knock://schema/workflow"))[0]?.text ?? "")).toMatchObject({
      title: "workflow.json",
    });
    expect((await read("knock://error/actor_missing"))[0]?.text).toContain("actor_missing (exit code 5)");
    const { content } = await call("trigger", { workflow: "welcome", recipients: ["grace"], full: true });
    const { recipients } = content.document as unknown as { recipients: { steps: { message_id: string }[] }[] };
    const parts = await read(`knock://message/${recipients[0]?.steps[0]?.message_id}`);
    expect(parts.map(({ mimeType }) => mimeType)).toEqual(["text/plain", "text/html"]);
    for (const uri of ["knock://schema/none", "knock://error/--help", "knock://message/none", "knock://workflow/none"])
      await expect(read(uri)).rejects.toThrow();
    const { prompts } = await client.listPrompts();
    expect(prompts.map((prompt) => prompt.name)).toEqual(["write-scenarios", "why-not-sent", "review-change"]);
    const values = { workflow: "welcome", recipient: "ada" };
    const { messages } = await client.getPrompt({ name: "why-not-sent", arguments: values });
    expect(messages[0]?.content).toMatchObject({ text: expect.stringContaining("why ada got no message") });
    await expect(client.getPrompt({ name: "why-not-sent", arguments: { workflow: "welcome" } })).rejects.toThrow();
  });
});
