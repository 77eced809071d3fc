import { join } from "node:path";
import { type Schema, Validator } from "@cfworker/json-schema";
import sarifSchema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const TEXT = "knock/workflows/storage-low/email_1/text_body.txt";

/** Adds an error, a warning and a silenced warning. */
function addFaults(sample: Sample): void {
  const comment = "{% comment %}knock-ignore undefined_variable: the old name{% endcomment %}";
  sample.write(TEXT, `${comment}\n{{ recipient.emial }}`);
  sample.write("knock/workflows/welcome/email_1/text_body.txt", "Hello\n{% if recipient.name %}");
  sample.write("knock/translations/en/en.json", '{ "farewell": "Bye" }');
}

describe.concurrent("knock validate --format", () => {
  it("sarif prints a log that the SARIF schema accepts", async ({ collab }) => {
    addFaults(collab);
    const { stdout, exitCode } = await collab.knock(["validate", "--format", "sarif"]);
    expect(exitCode).toBe(1);
    const log = JSON.parse(stdout);
    const { errors } = new Validator(sarifSchema as Schema, "4").validate(log);
    expect(errors).toEqual([]);
    const [run] = log.runs;
    const rules = run.tool.driver.rules as { id: string }[];
    for (const { ruleId, ruleIndex } of run.results) expect(rules[ruleIndex]?.id).toBe(ruleId);
    const error = run.results.find(({ level }: { level: string }) => level === "error");
    expect(error.ruleId).toBe("template_invalid");
    expect(error.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: "knock/workflows/welcome/email_1/text_body.txt", uriBaseId: "%SRCROOT%" },
      region: { startLine: 2, startColumn: 1 },
    });
    const suppressed = run.results.filter(
      ({ suppressions, ruleId }: { suppressions?: unknown; ruleId: string }) =>
        suppressions && ruleId !== "silent_drop",
    );
    expect(suppressed).toMatchObject([
      { ruleId: "undefined_variable", suppressions: [{ justification: "the old name" }] },
    ]);
  });

  it("github prints an annotation with a path from the root of the repository", async ({ collab }) => {
    addFaults(collab);
    const env = { GITHUB_WORKSPACE: join(collab.dir, "..") };
    const { stdout } = await collab.knock(["validate", "--format", "github"], { env });
    const path = `${collab.dir.split("/").at(-1)}/knock/workflows/welcome/email_1/text_body.txt`;
    expect(stdout).toMatch(new RegExp(`^::error file=${path},line=2,col=1,title=template_invalid::.+$`, "m"));
    expect(stdout).toMatch(/^::warning file=.*de\.json,line=1,col=1,title=missing_translation::.*farewell$/m);
    expect(stdout).not.toContain("emial");
  });

  it("gitlab prints a code quality report with paths from the root of the repository", async ({ collab }) => {
    addFaults(collab);
    const env = { CI_PROJECT_DIR: join(collab.dir, "..") };
    const validate = async () => {
      const { stdout, exitCode } = await collab.knock(["validate", "--format", "gitlab"], { env });
      return { issues: JSON.parse(stdout), exitCode };
    };
    const { issues, exitCode } = await validate();
    expect(exitCode).toBe(1);
    const error = issues.find(({ severity }: { severity: string }) => severity === "major");
    expect(error).toEqual({
      description: expect.stringMatching(/\S/),
      check_name: "template_invalid",
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      severity: "major",
      location: {
        path: `${collab.dir.split("/").at(-1)}/knock/workflows/welcome/email_1/text_body.txt`,
        lines: { begin: 2 },
      },
    });
    const list = (items: { fingerprint: string }[]): string[] => items.map(({ fingerprint }) => fingerprint);
    expect(new Set(list(issues)).size).toBe(issues.length);
    expect(JSON.stringify(issues)).not.toContain("emial");
    // The same finding in another line is the same issue.
    collab.write("knock/workflows/welcome/email_1/text_body.txt", "Hello\n\n{% if recipient.name %}");
    const moved = (await validate()).issues;
    expect(moved.map(({ location }: typeof error) => location.lines.begin)).toContain(3);
    expect(list(moved)).toEqual(list(issues));
  });

  it("other than json is rejected together with --json", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["validate", "--format", "sarif", "--json"]);
    expect(stderr).toContain("--format sarif cannot be combined with --json");
    expect(exitCode).toBe(2);
  });

  it("json prints the same as --json", async ({ collab }) => {
    addFaults(collab);
    const { stdout } = await collab.knock(["validate", "--format", "json"]);
    expect(stdout).toBe((await collab.knock(["validate", "--json"])).stdout);
  });
});
