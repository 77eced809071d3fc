import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const TEXT = "knock/workflows/storage-low/email_1/text_body.txt";
const WORKFLOW = "knock/workflows/storage-low/workflow.json";

interface Report {
  codes: string[];
  silenced: JsonObject[];
  findings: JsonObject[];
}

/** Silences findings in the settings of a JSON file. */
function silence(sample: Sample, file: string, ...rules: JsonObject[]): void {
  const document = JSON.parse(sample.read(file)) as JsonObject;
  document.settings = { ...(document.settings as JsonObject), "knock:ignore": rules };
  sample.write(file, JSON.stringify(document, null, 2));
}

/** Returns the report without the users of the sample who get nothing, and without its payloads. */
async function validate(sample: Sample, ...args: string[]): Promise<Report> {
  const { json } = await sample.knock(["validate", ...args, "--json"]);
  const select = (list: unknown): JsonObject[] =>
    (list as JsonObject[]).filter(({ code, file }) => code !== "silent_drop" && !String(file).startsWith("payloads/"));
  const findings = select(json.findings);
  return { findings, silenced: select(json.silenced), codes: findings.map(({ code }) => String(code)) };
}

describe.concurrent("knock validate silences", () => {
  it("a finding in the files that a path in knock.json matches", async ({ collab }) => {
    collab.write(TEXT, "Hello {{ recipient.emial }}");
    const rule = { code: "undefined_variable", reason: "The old name.", path: "knock/workflows/storage-*/**" };
    silence(collab, "knock.json", rule);
    const report = await validate(collab);
    expect(report.codes).toEqual([]);
    expect(report.silenced).toMatchObject([
      { code: "undefined_variable", file: TEXT, line: 1, reason: "The old name." },
    ]);
    expect((await collab.knock(["validate"])).stdout).toMatch(/^1 silenced finding$/m);

    silence(collab, "knock.json", { ...rule, path: "knock/workflows/welcome/**" });
    expect((await validate(collab)).codes).toEqual(["unused_silencer", "undefined_variable"]);
  });

  it("an error, so that the exit code is 0", async ({ collab }) => {
    collab.write(TEXT, "{% comment %}knock-ignore template_invalid: a draft{% endcomment %}\n{% if used %}");
    const { exitCode } = await collab.knock(["validate"]);
    expect(exitCode).toBe(0);
    expect((await validate(collab)).silenced).toMatchObject([{ code: "template_invalid", line: 2, reason: "a draft" }]);
  });

  it("findings in the folder of a workflow whose settings have the rule", async ({ collab }) => {
    collab.write(TEXT, "Hello {{ recipient.emial }}");
    silence(collab, WORKFLOW, { code: "undefined_variable", reason: "The old name." });
    expect((await validate(collab)).codes).toEqual([]);
    silence(collab, "knock/workflows/welcome/workflow.json", { code: "undefined_variable", reason: "Elsewhere." });
    silence(collab, WORKFLOW);
    expect((await validate(collab)).codes.sort()).toEqual(["undefined_variable", "unused_silencer"]);
  });

  it("only the line of a comment in a JSON file", async ({ collab }) => {
    const workflow = JSON.parse(collab.read(WORKFLOW)) as JsonObject;
    const comment = "{% comment %}knock-ignore undefined_variable: the old name{% endcomment %}";
    const email = (workflow.steps as JsonObject[]).find(({ ref }) => ref === "email_1") as { template: JsonObject };
    Object.assign(email.template, { subject: `${comment}{{ recipient.emial }}` });
    collab.write(TEXT, "{{ recipient.emial }}");
    collab.write(WORKFLOW, JSON.stringify(workflow, null, 2));
    expect((await validate(collab)).findings).toMatchObject([{ code: "undefined_variable", file: TEXT }]);
  });

  it("nothing without a reason or with an unknown code, and reports the rule", async ({ collab }) => {
    collab.write(TEXT, "{% comment %}knock-ignore undefined_variable{% endcomment %}{{ recipient.emial }}");
    silence(collab, WORKFLOW, { code: "undefind_variable", reason: "The old name." });
    const { findings } = await validate(collab);
    expect(findings).toMatchObject([
      { code: "invalid_silencer", file: TEXT, line: 1, column: 1, hint: expect.stringContaining("CODE: reason") },
      { code: "undefined_variable" },
      {
        code: "invalid_silencer",
        file: WORKFLOW,
        pointer: "/settings/knock:ignore/0",
        message: expect.stringContaining('did you mean "undefined_variable"?'),
      },
    ]);
    silence(collab, WORKFLOW, { code: "undefined_variable", reason: " " });
    expect((await validate(collab)).findings).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ code: "workflow_invalid", file: WORKFLOW })]),
    );
  });

  it("without reporting unused rules if only some workflows are checked", async ({ collab }) => {
    silence(collab, "knock.json", { code: "undefined_variable", reason: "The old name." });
    expect((await validate(collab, "welcome")).codes).toEqual([]);
    expect((await validate(collab)).findings).toMatchObject([
      { code: "unused_silencer", file: "knock.json", pointer: "/settings/knock:ignore/0", line: expect.any(Number) },
    ]);
  });

  it("findings about emails, which are looked for only with --emails", async ({ collab }) => {
    const rule = { code: "email_missing_preheader", reason: "Short emails.", path: "knock/workflows/welcome/**" };
    silence(collab, "knock.json", rule);
    expect((await validate(collab)).codes).toEqual([]);
    const { findings, silenced } = await validate(collab, "--emails");
    expect(silenced).toMatchObject([{ code: "email_missing_preheader", pointer: "/steps/0/template" }]);
    const files = findings.filter(({ code }) => code === "email_missing_preheader").map(({ file }) => file);
    expect(files).toContain("knock/workflows/invite/workflow.json");
    expect(files).not.toContain("knock/workflows/welcome/workflow.json");
  });
});
