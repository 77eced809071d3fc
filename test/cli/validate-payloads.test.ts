import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

/** Returns the findings about a file as `line:column: message [code]`. */
async function readFindings(sample: Sample, file: string, ...args: string[]): Promise<string[]> {
  const { json } = await sample.knock(["validate", ...args, "--json"]);
  return (json.findings as JsonObject[])
    .filter((finding) => finding.file === file)
    .map(({ line, column, message, code }) => `${line}:${column}: ${message} [${code}]`);
}

const VALID = { key: "new-comment", recipients: ["ada"], actor: "alan", data: { page: "Home" } };

describe.concurrent("knock validate finds in payloads/", () => {
  it.for<[problem: string, content: string, finding: string]>([
    ["invalid JSON", '{"key":"new-comment"', "[project_invalid]"],
    [
      "an unknown workflow",
      '{"key":"new-coment","recipients":["ada"]}',
      '1:8: key is not a workflow: "new-coment"; did you mean "new-comment"? [unknown_workflow]',
    ],
    [
      "a list of payloads",
      `[${JSON.stringify(VALID)}]`,
      "1:1: the document must be an object, found a list [sample_data_invalid]",
    ],
    [
      "an unknown field",
      '{"key":"invite","recipients":["ada"],"dta":{}}',
      '1:44: unknown key "dta"; did you mean "data"? [sample_data_invalid]',
    ],
    ["an invalid recipient", '{"recipients":[1]}', "1:16: recipients[0] must be"],
  ])("%s", async ([, content, finding], { collab }) => {
    collab.write("payloads/x.json", content);
    const findings = await readFindings(collab, "payloads/x.json");
    expect(findings.join("\n")).toContain(finding);
    expect(findings.filter((found) => found.includes(finding))).toHaveLength(1);
  });

  it("wrong data of the workflow that the file is named after, if the payload has no key", async ({ collab }) => {
    collab.write("payloads/order-placed.json", '{"recipients":["ada"],"data":{}}');
    const findings = await readFindings(collab, "payloads/order-placed.json");
    expect(findings.join("\n")).toContain('is required (workflow "order-placed") [sample_data_invalid]');
    expect(await readFindings(collab, "payloads/order-placed.json", "order-placed")).toEqual(findings);
  });

  it("wrong lines and rows, with their number", async ({ collab }) => {
    const lines = [VALID, { ...VALID, key: "order-placed" }, { ...VALID, at: "2026-03-02T09:00:00Z" }];
    collab.write("payloads/x.jsonl", `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"key":\n`);
    collab.write("payloads/x.csv", "key,recipients,data.page\nnew-comment,ada,Home\nnew-coment,ada,Home\nwelcome\n");
    collab.write("payloads/y.csv", "key,key\n");
    const inLines = await readFindings(collab, "payloads/x.jsonl");
    expect(inLines.map((finding) => finding.split(":")[0])).toEqual([...inLines.slice(1).map(() => "2"), "4"]);
    expect(inLines[0]).toMatch(/^2:1: data\.order is required .*\[sample_data_invalid\]$/);
    expect(inLines.at(-1)).toMatch(/^4:\d+: invalid JSON: .*\[project_invalid\]$/);
    expect(await readFindings(collab, "payloads/x.csv")).toEqual([
      '3:1: key is not a workflow: "new-coment"; did you mean "new-comment"? [unknown_workflow]',
      "4:1: the row has 1 field, but the first row has 3 [project_invalid]",
    ]);
    expect(await readFindings(collab, "payloads/y.csv")).toEqual([
      '1:1: the column "key" occurs twice [project_invalid]',
    ]);
  });

  it("nothing in files that are no payloads, or that get their recipients from the command", async ({ collab }) => {
    collab.write("payloads/event.json", '{"type":"plan.changed","user_id":"ada"}');
    collab.write("payloads/users.json", '[{"id":"ada"}]');
    collab.write("payloads/x.json", JSON.stringify({ ...VALID, recipients: undefined }));
    for (const name of ["event", "users", "x"]) expect(await readFindings(collab, `payloads/${name}.json`)).toEqual([]);
  });

  it("a misspelled field that --fix corrects", async ({ collab }) => {
    collab.write("payloads/x.json", '{"key":"invite","recipiens":["ada"]}');
    const { json } = await collab.knock(["validate", "--fix", "--json"]);
    expect(json.fixed).toMatchObject([{ file: "payloads/x.json", suggested_key: "recipients" }]);
    expect(collab.read("payloads/x.json")).toBe('{"key":"invite","recipients":["ada"]}');
  });
});
