import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;
if (!HAS_PYTHON) console.warn("notice: python3 was not found; generated Python is not run");

/** Gives the workflow `hello` of a new project data with names that some languages reserve or do not allow. */
async function createOddNames(project: Sample): Promise<void> {
  await project.knock(["init"]);
  const file = "knock/workflows/hello/workflow.json";
  const trigger_data_json_schema = {
    type: "object",
    properties: { from: { type: "string" }, "user-id": { type: "string" }, note: { type: ["number", "string"] } },
    required: ["user-id"],
  };
  project.write(file, { ...JSON.parse(project.read(file)), trigger_data_json_schema });
}

describe.concurrent("knock types", () => {
  it("prints TypeScript, with every workflow in the map", async ({ collab }) => {
    const { stdout, exitCode } = await collab.knock(["types"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('  "new-comment": NewCommentData;\n');
    expect(stdout).toContain('  "welcome": Record<string, unknown>;\n');
    const keys = [...stdout.matchAll(/^ {2}"([\w-]+)": /gm)].map(([, key]) => key);
    expect(keys).toEqual([...keys].sort());
  });

  it("writes a file, leaves an equal one unchanged, and reports a stale one with --check", async ({ collab }) => {
    const args = ["types", "--output-file", "src/types.ts"];
    const missing = await collab.knock([...args, "--check", "--json"]);
    expect([missing.exitCode, missing.json.status]).toEqual([1, "stale"]);
    expect((await collab.knock(args)).stdout).toBe("✓ src/types.ts written: 8 workflows");
    const first = collab.read("src/types.ts");
    expect((await collab.knock([...args, "--check"])).exitCode).toBe(0);
    collab.write("src/types.ts", first.replaceAll("\n", "\r\n"));
    expect((await collab.knock(args)).stdout).toContain("unchanged");

    const file = "knock/workflows/new-comment/workflow.json";
    const workflow = JSON.parse(collab.read(file));
    workflow.trigger_data_json_schema.properties.mood = { enum: ["good", "bad"] };
    collab.write(file, workflow);
    const stale = await collab.knock([...args, "--check"]);
    expect([stale.exitCode, stale.stdout]).toEqual([1, "✗ src/types.ts is out of date"]);
    expect(stale.stderr).toContain("Run `knock types --output-file src/types.ts`");
    expect(collab.read("src/types.ts")).toBe(first.replaceAll("\n", "\r\n"));
    await collab.knock(args);
    expect(collab.read("src/types.ts")).toContain('mood?: "good" | "bad";');
  });

  it("is also the official command's `workflow generate-types`", async ({ collab }) => {
    const { exitCode } = await collab.knock(["workflow", "generate-types", "--output-file=types.ts"]);
    expect(exitCode).toBe(0);
    expect(collab.read("types.ts")).toBe(`${(await collab.knock(["types"])).stdout}\n`);
    expect((await collab.knock(["help", "workflow", "generate-types"])).stdout).toContain("Usage: knock types");
  });

  it.for([
    [
      "types.py",
      /^class Severity\(Enum\):\n {4}CRITICAL = "critical"/m,
      /^ {4}customers_affected: int \| None = None/m,
    ],
    ["types.go", /^package knock$/m, /^\tSeverity +IncidentDataSeverity|^\tSeverity +Severity +`json:"severity"`/m],
    [
      "types.rb",
      /^class IncidentData < Dry::Struct/m,
      /^ {2}attribute :customers_affected, +Types::Integer\.optional/m,
    ],
  ] as const)("generates %s with quicktype", async ([file, ...patterns], { ops }) => {
    const { exitCode, stderr } = await ops.knock(["types", "--output-file", file]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const code = ops.read(file);
    for (const pattern of patterns) expect(code).toMatch(pattern);
    expect(code).toMatch(/^(#|\/\/) .*enerated by `knock types`\. do not edit\./i);
    expect(code.lastIndexOf("import ")).toBeLessThan(code.search(/^(type|class) /m));
    expect((await ops.knock(["types", "--output-file", file, "--check"])).exitCode).toBe(0);
  });

  it.for([
    ["go", /`json:"user-id"`/, /`json:"note,omitempty"`/, /func \(x \*\w+\) MarshalJSON\(\)/],
    ["ruby", /"user-id" => user_id,/, /"from" +=> from,/, /^ {4}\}\.compact$/m],
  ] as const)(
    "converts data to JSON with its names and without empty properties in %s",
    async ([language, ...patterns], { empty }) => {
      await createOddNames(empty);
      const { json } = await empty.knock(["types", "--language", language, "--json"]);
      for (const pattern of patterns) expect(json.code).toMatch(pattern);
    },
  );

  it.runIf(HAS_PYTHON)("converts data in Python to the JSON that the workflow accepts", async ({ empty }) => {
    await createOddNames(empty);
    await empty.knock(["types", "--output-file", "hello_types.py"]);
    const program =
      'import json, hello_types as t; print(json.dumps(t.hello_data_to_dict(t.HelloData(user_id="u", hello_data_from="Grace"))))';
    const printed = execFileSync("python3", ["-c", program], { cwd: empty.path("."), encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual({ "user-id": "u", from: "Grace" });
  });

  it("generates a file without types if no workflow has a schema", async ({ empty }) => {
    await empty.knock(["init"]);
    const workflow = JSON.parse(empty.read("knock/workflows/hello/workflow.json"));
    delete workflow.trigger_data_json_schema;
    empty.write("knock/workflows/hello/workflow.json", workflow);
    for (const language of ["typescript", "python", "go", "ruby"]) {
      const { exitCode, json } = await empty.knock(["types", "--language", language, "--json"]);
      expect([exitCode, json.workflows]).toEqual([0, [{ workflow: "hello", type: null }]]);
      expect(json.code).toContain("enerated by `knock types`");
    }
  });

  it.for([
    [["--check"], 2, "--check needs --output-file"],
    [["--output-file", "types.java"], 2, "the language of types.java is unknown"],
    [["--output-file", "knock.json/types.ts"], 2, "could not be read (ENOTDIR)"],
    [["--output-file", "knock", "--language", "go"], 2, "could not be read (EISDIR)"],
    [["--language", "rust"], 2, "rust"],
  ] as const)("rejects %j", async ([args, exit, message], { collab }) => {
    const { exitCode, stderr } = await collab.knock(["types", ...args]);
    expect([exitCode, stderr.includes(message)], stderr).toEqual([exit, true]);
  });

  it("needs a project whose workflows are valid", async ({ empty, collab }) => {
    expect((await empty.knock(["types"])).exitCode).toBe(3);
    collab.write("knock/workflows/new-comment/workflow.json", "{");
    const { exitCode, stderr } = await collab.knock(["types"]);
    expect([exitCode, stderr.includes("invalid JSON")]).toEqual([3, true]);
  });
});
