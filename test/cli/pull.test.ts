import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type ManagementStub, STUB_TOKEN, startManagementStub } from "../helpers/management-stub.js";
import { readProjectFiles } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

const toWorkflow = (name: string, text = "Hi\n"): JsonObject => ({
  name,
  steps: [{ ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "twilio", template: { text_body: text } }],
});

const it = inProcessTest.extend<{ stub: ManagementStub }>({
  stub: async ({ empty }, use) => {
    empty.write("knock.json", { knockDir: "./knock" });
    empty.write("knock/environment.json", {});
    const stub = await startManagementStub();
    await use(stub);
    await stub.close();
  },
});

const BODY = "knock/workflows/hello/sms_1/text_body.txt";

function run(sample: Sample, { url }: ManagementStub, ...args: string[]): Promise<CommandResult> {
  return sample.knock(args, { env: { KNOCK_SERVICE_TOKEN: STUB_TOKEN, KNOCK_MGMT_BASE_URL: url } });
}

describe.concurrent("knock pull", () => {
  it("writes new and changed resources, deletes those that the account deleted, and keeps other files", async ({
    empty,
    stub,
  }) => {
    stub.edit("workflows/hello", toWorkflow("Hello"));
    stub.edit("workflows/old", toWorkflow("Old"));
    const first = await run(empty, stub, "pull");
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toBe(
      "lark, development\n\n  ~ workflows/hello  new\n  ~ workflows/old    new\n\n✓ 2 written (0 unchanged)",
    );
    expect(empty.read(BODY)).toBe("Hi\n");
    expect(JSON.parse(empty.read("knock/workflows/hello/workflow.json"))).toMatchObject({
      name: "Hello",
      steps: [{ template: { "text_body@": "sms_1/text_body.txt" } }],
      __readonly: { key: "hello", valid: true },
    });
    empty.write("knock/workflows/old/notes.md", "ours");
    empty.write("knock/workflows/hello/hello.test.yaml", "ours");
    const before = readProjectFiles(empty.dir);
    expect((await run(empty, stub, "pull")).stdout).toContain("✓ 0 written (2 unchanged)");
    expect(readProjectFiles(empty.dir)).toEqual(before);

    stub.edit("workflows/hello", toWorkflow("Hello", "Bye\n"));
    stub.edit("workflows/old", null);
    const { json } = await run(empty, stub, "pull", "--json");
    expect(json).toMatchObject({
      resources: [
        { resource: "workflows/hello", state: "changed_there", action: "written", files: [BODY] },
        { resource: "workflows/old", state: "deleted_there", action: "deleted" },
      ],
      summary: { written: 1, deleted: 1, conflicts: 0 },
    });
    expect(empty.read(BODY)).toBe("Bye\n");
    const names = Object.keys(readProjectFiles(empty.dir)).filter((name) => name.includes("workflows/"));
    expect(names.sort()).toEqual([
      "knock/workflows/hello/hello.test.yaml",
      BODY,
      "knock/workflows/hello/workflow.json",
      "knock/workflows/old/notes.md",
    ]);
  });

  it("keeps changed files, and writes the account's version beside them for a conflict", async ({ empty, stub }) => {
    stub.edit("workflows/hello", toWorkflow("Hello"));
    stub.edit("workflows/other", toWorkflow("Other"));
    await run(empty, stub, "pull");
    empty.write(BODY, "Mine\n");
    stub.edit("workflows/other", toWorkflow("Other 2"));
    const kept = await run(empty, stub, "pull");
    expect(kept).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("workflows/hello  kept: changed here") });
    expect(empty.read(BODY)).toBe("Mine\n");

    stub.edit("workflows/hello", toWorkflow("Hello", "Theirs\n"));
    const { stdout, exitCode } = await run(empty, stub, "pull");
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`lark, development

  ! workflows/hello  conflict
      Compare:
        git diff --no-index \\
          knock/workflows/hello/sms_1/text_body.txt \\
          .knock-local/account/conflicts/workflows/hello/sms_1/text_body.txt
      Use the account's: knock pull workflows/hello --force
      Use yours:         knock push workflows/hello --force

✗ 0 written, 1 changed on both sides (1 unchanged)`);
    expect(empty.read(BODY)).toBe("Mine\n");
    const conflict = ".knock-local/account/conflicts/workflows/hello";
    expect(empty.read(`${conflict}/sms_1/text_body.txt`)).toBe("Theirs\n");
    expect((await empty.knock(["validate"])).stdout).not.toContain("conflicts");

    expect((await run(empty, stub, "pull", "workflows/hello", "--force")).exitCode).toBe(0);
    expect(empty.read(BODY)).toBe("Theirs\n");
    expect(existsSync(empty.path(conflict))).toBe(false);
  });

  it("round-trips translations of several tenants", async ({ empty, stub }) => {
    const toTranslation = (text: string): JsonObject => ({ format: "json", content: JSON.stringify({ hi: text }) });
    for (const id of ["en", "acme~en", "globex~en", "acme~email.en"])
      stub.edit(`translations/${id}`, toTranslation(id));
    stub.edit("translations/system.en", toTranslation("the service's own"));
    await run(empty, stub, "pull");
    const files = ["acme~email.en", "acme~en", "en", "globex~en"].map((id) => `knock/translations/en/${id}.json`);
    const pulled = Object.keys(readProjectFiles(empty.dir)).filter((name) => name.includes("translations"));
    expect(pulled.sort()).toEqual(files);
    for (const file of files) empty.write(file, `${JSON.stringify({ hi: file }, null, 2)}\n`);
    expect(await run(empty, stub, "push")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("4 pushed") });
    expect(stub.tree().working.get("translations/acme~email.en")?.content).toContain("acme~email.en.json");
    expect((await run(empty, stub, "plan", "--json")).json).toMatchObject({ summary: { unchanged: 4, push: 0 } });
  });

  it("keeps line ends and byte order marks, and pulls templates of 10 MB", async ({ empty, stub }) => {
    stub.edit("workflows/hello", toWorkflow("Hello", "a\nb\n"));
    await run(empty, stub, "pull");
    empty.write(BODY, "\uFEFFa\r\nb\r\n");
    expect((await run(empty, stub, "plan")).exitCode).toBe(0);
    stub.edit("workflows/hello", toWorkflow("Hello", "a\nc\n"));
    await run(empty, stub, "pull");
    expect(empty.read(BODY)).toBe("\uFEFFa\r\nc\r\n");
    const large = `${"x".repeat(79)}\n`.repeat(131_072);
    stub.edit("workflows/hello", toWorkflow("Hello", large));
    await run(empty, stub, "pull");
    expect(empty.read(BODY)).toHaveLength(large.length + 131_072 + 1);
  });

  it("refuses names that differ only in case, and references to files, and changes nothing", async ({
    empty,
    stub,
  }) => {
    stub.edit("translations/en-US", { format: "json", content: "{}" });
    stub.edit("translations/en-us", { format: "json", content: "{}" });
    const before = readProjectFiles(empty.dir);
    const collision = await run(empty, stub, "pull");
    expect(collision).toMatchObject({ exitCode: 6, stderr: expect.stringContaining("differ only in case") });
    stub.edit("translations/en-us", null);
    stub.edit("workflows/evil", { name: "Evil", steps: [{ ref: "a", "text_body@": "../../../secret" }] });
    const reference = await run(empty, stub, "pull");
    expect(reference).toMatchObject({ exitCode: 6, stderr: expect.stringContaining("contains a reference to a file") });
    expect(readProjectFiles(empty.dir)).toEqual(before);
  });

  it("changes nothing if a file cannot be written", async ({ empty, stub }) => {
    stub.edit("workflows/hello", toWorkflow("Hello"));
    stub.edit("workflows/next", toWorkflow("Next"));
    empty.write("knock/workflows/next", "a file in place of the folder");
    const { stderr, exitCode } = await run(empty, stub, "pull");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("could not be written");
    expect(stderr).toContain("Nothing was changed");
    expect(existsSync(empty.path("knock/workflows/hello/workflow.json"))).toBe(false);
  });
});
