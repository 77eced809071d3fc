import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type ManagementStub, STUB_TOKEN, startManagementStub } from "../helpers/management-stub.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

const HELLO = {
  name: "Hello",
  categories: ["news"],
  steps: [
    {
      ref: "feed_1",
      type: "channel",
      channel_type: "in_app_feed",
      channel_key: "feed",
      template: { "markdown_body@": "feed_1/markdown_body.md" },
    },
  ],
};
const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const toContent = (markdown_body: string, steps: JsonObject[] = []): JsonObject => ({
  name: "Hello",
  categories: ["news"],
  steps: [...steps, { ...FEED, template: { markdown_body } }],
});
const HELLO_CONTENT = toContent("Hi {{ vars.app }}\n");

const FILES = {
  "knock.json": { knockDir: "./knock" },
  "knock/workflows/hello/workflow.json": HELLO,
  "knock/workflows/hello/feed_1/markdown_body.md": "Hi {{ vars.app }}\n",
};

const it = inProcessTest.extend<{ stub: ManagementStub }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  stub: async ({}, use) => {
    const stub = await startManagementStub({ channels: ["feed"], variables: ["app"], preference_categories: ["news"] });
    await use(stub);
    await stub.close();
  },
});

const TEXT_PLAN = `lark, development

Changed on both sides: decide which version to keep
  ! workflows/hello        differs, and was never pulled or pushed here
      - step delay_1 (delay)
      ~ feed_1 › template.markdown_body
        - Hello {{ vars.app }}
        - Bye
        + Hi {{ vars.app }}

To push to the account
  + partials/footer        new
  + workflows/new          new

To pull from the account
  + partials/account_only  new in the account, not committed in the account

Missing in the account
  ! variable missing  used by partials/footer
  ! channel twilio  used by workflows/new
  ! preference category other  used by workflows/new

~ 2 to push, 1 to pull, 1 conflict (0 unchanged)`;

const MARKDOWN_PLAN = `### Plan for lark, development

1 to push, 1 conflict (0 unchanged).

#### Changed on both sides: decide which version to keep

- \`workflows/hello\`: differs, and was never pulled or pushed here

\`\`\`diff
- step delay_1 (delay)
! feed_1 › template.markdown_body
- Hello {{ vars.app }}
- Bye
+ Hi {{ vars.app }}
\`\`\`

#### To push to the account

- \`workflows/new\`: new

#### Missing in the account

- channel \`twilio\`, used by workflows/new
- preference category \`other\`, used by workflows/new`;

const TOKEN = { KNOCK_SERVICE_TOKEN: STUB_TOKEN };

function run(sample: Sample, { url }: ManagementStub, args: readonly string[], env = {}): Promise<CommandResult> {
  return sample.knock(args, { env: { ...TOKEN, KNOCK_MGMT_BASE_URL: url, ...env } });
}

function writeProject(sample: Sample, files: Record<string, unknown> = {}): void {
  for (const [name, content] of Object.entries({ ...FILES, ...files })) sample.write(name, content as never);
}

describe.concurrent("knock plan", () => {
  it("says that nothing differs", async ({ empty, stub }) => {
    writeProject(empty);
    stub.edit("workflows/hello", HELLO_CONTENT, { commit: true });
    const { stdout, stderr, exitCode } = await run(empty, stub, ["plan"]);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "lark, development\n\n✓ no differences (1 unchanged)",
      stderr: "",
      exitCode: 0,
    });
    expect(stub.writes).toEqual([]);
  });

  it("shows what a push and a pull would change, as text, JSON and Markdown", async ({ empty, stub }) => {
    const step = {
      ref: "sms_1",
      type: "channel",
      channel_type: "sms",
      channel_key: "twilio",
      template: { text_body: "x" },
    };
    writeProject(empty, {
      "knock/workflows/new/workflow.json": { name: "New", categories: ["other"], steps: [step] },
      "knock/partials/footer/partial.json": { name: "Footer", type: "text", content: "{{ vars.missing }}" },
    });
    const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
    stub.edit("workflows/hello", toContent("Hello {{ vars.app }}\nBye\n", [delay]), { commit: true });
    stub.edit("partials/account_only", { name: "Theirs", type: "text", content: "x" });
    const { stdout, exitCode } = await run(empty, stub, ["plan"]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(TEXT_PLAN);
    const { json } = await run(empty, stub, ["plan", "--json"]);
    expect(json).toMatchObject({
      account: "lark",
      environment: "development",
      branch: null,
      push_order: ["partials/footer", "workflows/new"],
      summary: { push: 2, pull: 1, conflicts: 1, unchanged: 0, uncommitted: 1 },
      missing: [
        { kind: "variable", name: "missing", resources: ["partials/footer"] },
        { kind: "channel", name: "twilio", resources: ["workflows/new"] },
        { kind: "category", name: "other", resources: ["workflows/new"] },
      ],
    });
    const markdown = await run(empty, stub, ["plan", "workflows", "--format", "markdown"]);
    expect(markdown.stdout).toBe(MARKDOWN_PLAN);
    const quiet = await run(empty, stub, ["plan", "--quiet"]);
    expect(quiet.stdout).toBe("partials/account_only\npartials/footer\nworkflows/hello\nworkflows/new");
  });

  it("selects resources by name, folder and path, and rejects unknown ones", async ({ empty, stub }) => {
    writeProject(empty, { "knock/partials/footer/partial.json": { name: "Footer", type: "text", content: "x" } });
    for (const name of ["workflows/hello", "knock/workflows/hello/workflow.json", "workflows/"]) {
      const { json } = await run(empty, stub, ["plan", name, "--json"]);
      expect(json.push_order, name).toEqual(["workflows/hello"]);
    }
    const unknown = await run(empty, stub, ["plan", "workflows/helo"]);
    expect(unknown).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('Did you mean "workflows/hello"?') });
    const invalid = await run(empty, stub, ["plan", "workflow/hello"]);
    expect(invalid).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean "workflows"?') });
  });

  it("explains a missing, an invalid and an expired token", async ({ empty, stub }) => {
    writeProject(empty);
    const none = await run(empty, stub, ["plan"], { KNOCK_SERVICE_TOKEN: "" });
    expect(none).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("no service token for the account") });
    const expired = await run(empty, stub, ["plan", "--service-token", "knock_st_expired_token"]);
    expect(expired.exitCode).toBe(4);
    expect(expired.stderr).toContain("The token is not valid");
    expect(expired.stderr).toContain("Check the service token: --service-token, KNOCK_SERVICE_TOKEN");
    const spaces = await run(empty, stub, ["plan", "--service-token", "knock_st_a b"]);
    expect(spaces).toMatchObject({ exitCode: 4, stderr: expect.not.stringContaining("knock_st_a") });
  });

  it("retries after Retry-After, and says when the account cannot be reached", async ({ empty, stub }) => {
    writeProject(empty);
    let limited = 1;
    stub.onRequest = (_method, path) =>
      path.startsWith("/v1/workflows") && limited-- > 0
        ? { status: 429, body: { code: "rate_limited", message: "slow down" }, headers: { "retry-after-ms": "1" } }
        : undefined;
    expect(await run(empty, stub, ["plan", "--quiet"])).toMatchObject({ exitCode: 1, stdout: "workflows/hello" });
    stub.onRequest = () => ({ status: 503, body: {}, headers: { "retry-after-ms": "1" } });
    expect(await run(empty, stub, ["plan"])).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining("failed with HTTP 503 after 3 tries"),
    });
    stub.onRequest = () => ({ status: 200, body: "<html>" });
    expect(await run(empty, stub, ["plan"])).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining("--management-url"),
    });
  });

  it("names files that cannot be read, before any request for resources", async ({ empty, stub }) => {
    writeProject(empty, { "knock/workflows/hello/workflow.json": "{", "knock/partials/x/partial.json": "[" });
    const { stderr, exitCode } = await run(empty, stub, ["plan"]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("2 resources cannot be read");
    expect(stderr).toContain("knock/workflows/hello/workflow.json");
    expect(stderr).toContain("knock/partials/x/partial.json");
  });

  it("uses the branch of .knockbranch, and none for other environments", async ({ empty, stub }) => {
    writeProject(empty, { ".knockbranch": "shorter\n" });
    stub.edit("workflows/hello", HELLO_CONTENT, { tree: "shorter", commit: true });
    expect((await run(empty, stub, ["plan", "--json"])).json).toMatchObject({
      branch: "shorter",
      summary: { unchanged: 1 },
    });
    const production = ["plan", "--environment", "production"];
    expect((await run(empty, stub, [...production, "--json"])).json).toMatchObject({
      branch: null,
      summary: { push: 1 },
    });
    expect(await run(empty, stub, [...production, "--branch", "x"])).toMatchObject({ exitCode: 2 });
  });

  it("refuses names of the account that are paths", async ({ empty, stub }) => {
    writeProject(empty);
    stub.edit("workflows/../../etc", HELLO_CONTENT);
    const { stderr, exitCode } = await run(empty, stub, ["plan"]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('workflow "../../etc" has no valid name'),
    });
  });
});
