import { chmodSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { ValidationReport } from "../../src/checks/project-finding.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const WORKFLOW = "knock/workflows/welcome/workflow.json";

/** Replaces a text in a file of a sample. */
function replace(sample: Sample, file: string, from: string, to: string): void {
  const text = sample.read(file);
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
  sample.write(
    file,
    text.replace(from, () => to),
  );
}

async function fix(sample: Sample): Promise<ValidationReport> {
  const { json } = await sample.knock(["validate", "--fix", "--json"]);
  return json as unknown as ValidationReport;
}

describe.concurrent("knock validate --fix", () => {
  it("changes only the characters of a misspelled key, and finds nothing to fix again", async ({ collab }) => {
    const original = collab.read(WORKFLOW);
    chmodSync(join(collab.dir, WORKFLOW), 0o640);
    replace(collab, WORKFLOW, '"settings"', '"settigns"');
    const { stdout, exitCode } = await collab.knock(["validate", "--fix"]);
    expect(stdout).toMatch(/workflow\.json:\d+:\d+: fixed: renamed "settigns" to "settings"/);
    expect(stdout).toContain("1 fixed finding");
    expect(exitCode).toBe(0);
    expect(collab.read(WORKFLOW)).toBe(original);
    expect(statSync(join(collab.dir, WORKFLOW)).mode & 0o777).toBe(0o640);
    expect((await fix(collab)).fixed).toEqual([]);
  });

  it("keeps byte order marks, tabs and line ends", async ({ collab }) => {
    const text = collab.read(WORKFLOW).replaceAll("  ", "\t").replaceAll("\n", "\r\n");
    collab.write(WORKFLOW, `\uFEFF${text.replace('"settings"', '"setings"')}`);
    expect((await fix(collab)).fixed).toHaveLength(1);
    expect(collab.read(WORKFLOW)).toBe(`\uFEFF${text}`);
  });

  it("fixes knock.json, environment.json, recipients and scenarios, whose unknown keys are errors", async ({
    collab,
  }) => {
    collab.write("knock.json", '{ "knockDir": "./knock", "setings": { "target": "local" } }');
    collab.write("knock/environment.json", '{ "time_zone": "Etc/UTC", "chanels": {} }');
    collab.write("knock/recipients/more.json", '{ "usrs": [ { "id": "zoe" } ] }');
    collab.write(
      "some.test.yaml",
      "scenarios:\n  a:\n    stepps:\n      - notify: { workflow: welcome, recipients: [ada] }\n        expct: [sent>=1] # rule\n",
    );
    const { fixed, findings } = await fix(collab);
    expect(fixed?.map(({ suggested_key }) => suggested_key).sort()).toEqual(
      ["channels", "expect", "settings", "steps", "timezone", "users"].sort(),
    );
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(collab.read("knock.json")).toBe('{ "knockDir": "./knock", "settings": { "target": "local" } }');
    expect(collab.read("some.test.yaml")).toContain("        expect: [sent>=1] # rule\n");
  });

  it.for([
    ["the object has the key", '"settings"', '"settigns": {}, "settings"'],
    ["two unknown keys mean one key", '"settings": {', '"setings": {}, "settigns": {'],
    ["no key is near", '"settings"', '"zzzzzz": 1, "settings"'],
    ["the value is invalid for the key", '"name": "Welcome"', '"nmae": 5'],
  ] as const)("does not fix a key if %s", async ([, from, to], { collab }) => {
    replace(collab, WORKFLOW, from, to);
    const text = collab.read(WORKFLOW);
    const { fixed, findings } = await fix(collab);
    expect(fixed).toEqual([]);
    expect(findings.filter(({ code, file }) => code === "unknown_key" && file === WORKFLOW)).not.toEqual([]);
    expect(collab.read(WORKFLOW)).toBe(text);
  });

  it("does not change a file with merge conflicts", async ({ collab }) => {
    const text = `<<<<<<< HEAD\n${collab.read(WORKFLOW)}=======\n{ "settigns": {} }\n>>>>>>> topic\n`;
    collab.write(WORKFLOW, text);
    const { fixed, summary } = await fix(collab);
    expect(fixed).toEqual([]);
    expect(summary.errors).toBe(1);
    expect(collab.read(WORKFLOW)).toBe(text);
  });

  it("does not change files outside of the project, or silenced findings", async ({ collab }) => {
    const outside = join(mkdtempSync(join(tmpdir(), "knock-outside-")), "linked.json");
    writeFileSync(outside, '{ "users": [], "objcts": [] }');
    symlinkSync(outside, join(collab.dir, "knock/recipients/linked.json"));
    const { stderr, exitCode } = await collab.knock(["validate", "--fix"]);
    expect(stderr).toContain("knock/recipients/linked.json is not changed, because it is outside of the project");
    expect(exitCode).toBe(1);
    expect(readFileSync(outside, "utf8")).toContain("objcts");
  });
});
