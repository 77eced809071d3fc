import { rmSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type ManagementStub, STUB_TOKEN, startManagementStub } from "../helpers/management-stub.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

const toWorkflow = (name: string, text = "Hi"): JsonObject => ({
  name,
  steps: [{ ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "twilio", template: { text_body: text } }],
});
const ENVIRONMENT = { channels: { twilio: { type: "sms" } } };

const it = inProcessTest.extend<{ stub: ManagementStub }>({
  stub: async ({ empty }, use) => {
    empty.write("knock.json", { knockDir: "./knock" });
    empty.write("knock/environment.json", ENVIRONMENT);
    for (const key of ["a", "b", "c"]) empty.write(`knock/workflows/${key}/workflow.json`, toWorkflow(key));
    const stub = await startManagementStub();
    await use(stub);
    await stub.close();
  },
});

const env = (url: string) => ({ KNOCK_SERVICE_TOKEN: STUB_TOKEN, KNOCK_MGMT_BASE_URL: url });
const run = (sample: Sample, { url }: ManagementStub, ...args: string[]): Promise<CommandResult> =>
  sample.knock(args, { env: env(url) });

/** Returns the pushes and commits, without requests that only check. */
const listWrites = ({ writes }: ManagementStub): string[] =>
  writes
    .filter((write) => !write.includes("/validate"))
    .map((write) => write.replace(/\?.*resource_id=(\w+).*/, " $1").replace(/\?.*/, ""));

describe.concurrent("knock push", () => {
  it("sends changed resources in order, and nothing if all are equal", async ({ empty, stub }) => {
    empty.write("knock/workflows/a/workflow.json", {
      name: "a",
      steps: [
        { ref: "t", type: "trigger_workflow", settings: { workflow_key: "c", recipients: "{{ recipient.id }}" } },
      ],
    });
    empty.write("knock/partials/footer/partial.json", { name: "Footer", type: "text", content: "x" });
    const pushed = await run(empty, stub, "push");
    expect(pushed).toMatchObject({ exitCode: 0, stderr: "" });
    expect(listWrites(stub)).toEqual(
      ["partials/footer", "workflows/c", "workflows/a", "workflows/b"].map((path) => `PUT /v1/${path}`),
    );
    expect(pushed.stdout).toBe(
      "lark, development\n\n  ✓ partials/footer\n  ✓ workflows/c\n  ✓ workflows/a\n  ✓ workflows/b\n\n✓ 4 pushed (0 unchanged)",
    );
    stub.writes.length = 0;
    expect((await run(empty, stub, "push")).stdout).toBe("lark, development\n\n✓ nothing to push (4 unchanged)");
    expect(stub.writes).toEqual([]);
  });

  it("commits with -m what it pushed, and what was pushed before", async ({ empty, stub }) => {
    await run(empty, stub, "push", "workflows/a");
    expect(stub.tree().committed.size).toBe(0);
    const { json } = await run(empty, stub, "push", "workflows/a", "workflows/b", "-m", "First", "--json");
    expect(json).toMatchObject({ pushed: ["workflows/b"], committed: ["workflows/b", "workflows/a"] });
    expect([...stub.tree().committed.keys()].sort()).toEqual(["workflows/a", "workflows/b"]);
    expect(stub.writes.at(-1)).toContain("commit_message=First");
    stub.writes.length = 0;
    expect((await run(empty, stub, "push", "workflows/a", "-m", "Again")).stdout).toContain("nothing to push");
    expect(stub.writes).toEqual([]);
    expect(await run(empty, stub, "push", "-m", " ")).toMatchObject({ exitCode: 2 });
  });

  it("refuses everything if the account has changed since the last push, unless --force is set", async ({
    empty,
    stub,
  }) => {
    await run(empty, stub, "push");
    stub.writes.length = 0;
    stub.edit("workflows/b", toWorkflow("b", "edited in the dashboard"));
    empty.write("knock/workflows/a/workflow.json", toWorkflow("a 2"));
    empty.write("knock/workflows/b/workflow.json", toWorkflow("b 2"));
    const refused = await run(empty, stub, "push");
    expect(refused).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining("workflows/b was changed here and in"),
    });
    expect(refused.stderr).toContain("knock push workflows/b --force");
    expect(stub.writes).toEqual([]);
    expect(await run(empty, stub, "push", "--force")).toMatchObject({ exitCode: 0 });
    expect(listWrites(stub)).toEqual(["PUT /v1/workflows/a", "PUT /v1/workflows/b"]);
    expect(stub.writes.every((write) => write.includes("/validate") || write.includes("force=true"))).toBe(true);
  });

  it("does not delete a resource whose files were deleted, which a plan counts", async ({ empty, stub }) => {
    await run(empty, stub, "push", "-m", "First");
    stub.writes.length = 0;
    rmSync(empty.path("knock/workflows/b"), { recursive: true });
    expect((await run(empty, stub, "push")).stdout).toContain("nothing to push (2 unchanged)");
    const plan = await run(empty, stub, "plan");
    expect(plan).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("~ 1 deleted here (2 unchanged)") });
    expect(stub.writes).toEqual([]);
  });

  it("does not send resources that only the account has changed", async ({ empty, stub }) => {
    await run(empty, stub, "push");
    stub.writes.length = 0;
    stub.edit("workflows/b", toWorkflow("b", "edited in the dashboard"));
    const { stdout, stderr, exitCode } = await run(empty, stub, "push");
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "lark, development\n\n✓ nothing to push (2 unchanged)",
      stderr: "note: not pushed, see `knock plan`: workflows/b",
      exitCode: 0,
    });
    expect(stub.writes).toEqual([]);
  });

  it("checks all resources before the first is sent, and names the files and lines", async ({ empty, stub }) => {
    empty.write("knock/workflows/a/workflow.json", toWorkflow("a", "{{ unclosed"));
    empty.write("knock/workflows/b/workflow.json", { name: "b", steps: [{ ref: "x" }] });
    const local = await run(empty, stub, "push");
    expect(local.exitCode).toBe(3);
    expect(local.stderr).toContain("errors in the resources to push");
    expect(local.stderr).toMatch(/knock\/workflows\/a\/workflow\.json:\d+:\d+/);
    expect(local.stderr).toContain("knock/workflows/b/workflow.json");

    empty.write("knock/workflows/a/workflow.json", toWorkflow("a"));
    empty.write("knock/workflows/b/workflow.json", `${JSON.stringify(toWorkflow("invalid"), null, 2)}\n`);
    const refused = await run(empty, stub, "push");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(
      /knock\/workflows\/b\/workflow\.json:9:\d+: steps\[0\]\.template\.subject is missing/,
    );
    expect(listWrites(stub)).toEqual([]);
  });

  it("checks a resource that names a new one, before the first is sent", async ({ empty, stub }) => {
    const email = (layout_key: string, html_body: string): JsonObject => ({
      name: "z",
      steps: [
        {
          ref: "email_1",
          type: "channel",
          channel_type: "email",
          channel_key: "mail",
          template: { subject: "Hi", html_body, settings: { layout_key } },
        },
      ],
    });
    empty.write("knock/environment.json", { channels: { twilio: { type: "sms" }, mail: { type: "email" } } });
    empty.write("knock/layouts/plain/layout.json", {
      name: "Plain",
      html_layout: "<html><body>{{ content }}</body></html>",
      text_layout: "{{ content }}",
    });
    for (const [workflow, message] of [
      [email("plain", "{{ unclosed"), "not closed"],
      [email("plian", "<p>Hi</p>"), "plian"],
    ] as const) {
      empty.write("knock/workflows/z/workflow.json", workflow);
      const { exitCode, stderr } = await run(empty, stub, "push");
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(message) });
      expect(stderr).toContain("knock/workflows/z/workflow.json:");
    }
    expect(stub.writes).toEqual([]);

    // The account cannot know the new layout, and has another objection, which is about the last resource.
    empty.write("knock/workflows/z/workflow.json", email("plain", "<p>Hi</p>"));
    const refusal = { field: "steps[0].template.settings.layout_key", message: "does not exist" };
    let errors = [refusal, { field: "name", message: "is too short" }];
    stub.onRequest = (_method, path) =>
      path.startsWith("/v1/workflows/z/validate") && errors.length > 0
        ? { status: 422, body: { code: "invalid_params", message: "z is invalid", status: 422, errors } }
        : undefined;
    const refused = await run(empty, stub, "push");
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("name is too short") });
    expect(refused.stderr).not.toContain("layout_key");
    expect(listWrites(stub)).toEqual([]);
    errors = [refusal];
    expect(await run(empty, stub, "push", "-q")).toMatchObject({ exitCode: 0 });
    expect(listWrites(stub).at(-1)).toBe("PUT /v1/workflows/z");
  });

  it("shows warnings about the resources that it sends, and no others", async ({ empty, stub }) => {
    for (const key of ["a", "b"]) empty.write(`knock/workflows/${key}/workflow.json`, toWorkflow(key, "{{ dta.n }}"));
    const { exitCode, stderr } = await run(empty, stub, "push", "workflows/a");
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning: knock\/workflows\/a\/workflow\.json:\d+:\d+: .*dta/);
    expect(stderr).not.toContain("workflows/b");
  });

  it("stops at the first refusal, names what was pushed and what was not, and continues with --resume", async ({
    empty,
    stub,
  }) => {
    stub.onRequest = (method, path) =>
      method === "PUT" && path.startsWith("/v1/workflows/b?")
        ? { status: 403, body: { code: "forbidden", message: "b is locked", status: 403 } }
        : undefined;
    const stopped = await run(empty, stub, "push", "-m", "Three");
    expect(stopped.exitCode).toBe(4);
    expect(stopped.stdout).toBe(`lark, development

  ✓ workflows/a
  ✗ workflows/b  not pushed
    workflows/c  not pushed
    workflows/a  not committed

✗ 1 pushed (0 unchanged)`);
    expect(stopped.stderr).toContain("b is locked");
    expect(stopped.stderr).toContain("knock push --resume");
    const plan = await run(empty, stub, "plan");
    expect(plan.stdout).toContain(
      "Incomplete push\n    pushed: workflows/a\n    not pushed: workflows/b, workflows/c\n    not committed: workflows/a, workflows/b, workflows/c",
    );
    stub.onRequest = null;
    stub.writes.length = 0;
    const { json } = await run(empty, stub, "push", "--resume", "--json");
    expect(json).toMatchObject({ pushed: ["workflows/b", "workflows/c"], failed: null, not_pushed: [] });
    expect([...stub.tree().committed.keys()].sort()).toEqual(["workflows/a", "workflows/b", "workflows/c"]);
    expect(stub.writes.at(-1)).toContain("commit_message=Three");
    const none = await run(empty, stub, "push", "--resume");
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no incomplete push") });
  });

  it("continues after a connection that was lost during a push, with nothing sent twice", async ({ empty, stub }) => {
    let lost = 3; // One attempt and its two repetitions.
    stub.onRequest = (method, path) =>
      method === "PUT" && path.startsWith("/v1/workflows/c?") && lost-- > 0 ? null : undefined;
    const stopped = await run(empty, stub, "push", "--json");
    expect(stopped).toMatchObject({
      exitCode: 7,
      json: {
        pushed: ["workflows/a", "workflows/b"],
        failed: { resource: "workflows/c" },
        not_pushed: ["workflows/c"],
      },
    });
    expect((await run(empty, stub, "push", "--resume", "-q")).stdout).toBe("workflows/c");
    expect(listWrites(stub)).toEqual(["a", "b", "c"].map((key) => `PUT /v1/workflows/${key}`));
  });

  it("--dry-run shows the plan", async ({ empty, stub }) => {
    const { stdout, exitCode } = await run(empty, stub, "push", "--dry-run");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("To push to the account\n  + workflows/a  new");
    expect(stub.writes).toEqual([]);
  });

  it("pushes to a branch whose resources have the base of development", async ({ empty, stub }) => {
    await run(empty, stub, "push", "-m", "Start");
    for (const [path, content] of stub.tree().committed) stub.edit(path, content, { tree: "shorter", commit: true });
    empty.write("knock/workflows/a/workflow.json", toWorkflow("a 2"));
    const { json } = await run(empty, stub, "push", "--branch", "shorter", "--json");
    expect(json).toMatchObject({ branch: "shorter", pushed: ["workflows/a"], summary: { unchanged: 2 } });
    expect(stub.tree().working.get("workflows/a")).toMatchObject({ name: "a" });
    expect(stub.tree("shorter").working.get("workflows/a")).toMatchObject({ name: "a 2" });
  });
});
