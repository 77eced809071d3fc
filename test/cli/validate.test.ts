import { describe, expect } from "vitest";
import type { ProjectFinding } from "../../src/domain/validation/project-finding.js";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const WORKFLOW = "knock/workflows/order-placed/workflow.json";

/** Changes a JSON file of a sample. */
function edit(sample: Sample, file: string, change: (document: JsonObject) => void): void {
  const document = JSON.parse(sample.read(file)) as JsonObject;
  change(document);
  sample.write(file, JSON.stringify(document, null, 2));
}

async function readFindings(sample: Sample, ...args: string[]): Promise<ProjectFinding[]> {
  const { json } = await sample.knock(["validate", ...args, "--json"]);
  return json.findings as unknown as ProjectFinding[];
}

describe.concurrent("knock validate", () => {
  it("accepts a valid project", async ({ collab }) => {
    const { stdout, exitCode } = await collab.knock(["validate"]);
    expect(stdout).toMatch(/^0 errors, \d+ warnings? in \d+ files$/m);
    expect(exitCode).toBe(0);
  });

  it("reports errors of all files with their locations", async ({ collab }) => {
    edit(collab, WORKFLOW, ({ steps }) => delete (steps as JsonObject[])[0]?.type);
    collab.write("knock/workflows/welcome/email_1/text_body.txt", "Hello\n{% if recipient.name %}");
    collab.write("knock/translations/de/de.json", "{");
    const { stdout, exitCode } = await collab.knock(["validate"]);
    expect(stdout).toMatch(/^knock\/workflows\/order-placed\/workflow\.json:\d+:\d+: error: .*\[workflow_invalid\]$/m);
    expect(stdout).toMatch(/^knock\/workflows\/welcome\/email_1\/text_body\.txt:2:1: error: .*\[template_invalid\]$/m);
    expect(stdout).toMatch(/^knock\/translations\/de\/de\.json:1:\d: error: .*\[project_invalid\]$/m);
    expect(exitCode).toBe(1);
  });

  it("prints findings as JSON", async ({ collab }) => {
    edit(collab, WORKFLOW, (workflow) => {
      workflow.settigns = {};
    });
    const [finding] = (await readFindings(collab)).filter(({ file }) => file === WORKFLOW);
    expect(finding).toMatchObject({
      code: "unknown_key",
      severity: "warning",
      message: 'unknown key "settigns"; did you mean "settings"?',
      line: expect.any(Number),
      column: expect.any(Number),
      pointer: "/settigns",
      docs: "docs/troubleshooting.md#unknown_key",
    });
  });

  it("exits 1 for warnings only with --strict", async ({ collab }) => {
    edit(collab, WORKFLOW, (workflow) => {
      workflow.settigns = {};
    });
    expect((await collab.knock(["validate"])).exitCode).toBe(0);
    expect((await collab.knock(["validate", "--strict"])).exitCode).toBe(1);
  });

  it("checks only the workflows with the given keys", async ({ collab }) => {
    collab.write("knock/workflows/welcome/workflow.json", "{}");
    expect((await collab.knock(["validate", "new-comment"])).exitCode).toBe(0);
    expect((await collab.knock(["validate", "new-comment", "welcome"])).exitCode).toBe(1);
  });

  it("suggests the nearest key for an unknown workflow", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["validate", "new-coment"]);
    expect(stderr).toContain('Did you mean "new-comment"?');
    expect(exitCode).toBe(5);
  });

  it("exits 3 without a project and for an invalid knock.json", async ({ empty, collab }) => {
    expect((await empty.knock(["validate"])).exitCode).toBe(3);
    collab.write("knock.json", "{");
    expect((await collab.knock(["validate"])).exitCode).toBe(3);
  });

  it("reports an invalid environment once, instead of an error of each workflow", async ({ collab }) => {
    collab.write("knock/environment.json", '{ "chanels": {} }');
    const findings = await readFindings(collab);
    expect(findings).toMatchObject([{ code: "project_invalid", file: "knock/environment.json", line: 1 }]);
  });
});
