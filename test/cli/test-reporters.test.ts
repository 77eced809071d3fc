import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { load } from "cheerio";
import { describe, expect } from "vitest";
import { validateXML } from "xmllint-wasm";
import { parse as parseYaml } from "yaml";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const FILE = "knock/workflows/new-comment/own.test.json";

const NOTIFY = { recipients: ["ada"], data: { page: "Home" }, settings: { skip_delay: true } };
/** A name with everything that one of the formats could read as markup. */
const HOSTILE_NAME = "a <b> & \"c\" ]]> \u0000\u001b[31m\u202e # SKIP no\n::error::x\\ 'y' %0A|`z`";

/** Writes a file with a scenario of each status, each with a hostile name or reason. */
function writeScenarios(project: Sample): void {
  const scenarios = {
    passes: { steps: [{ notify: NOTIFY, expect: ["sent=1"] }] },
    [HOSTILE_NAME]: {
      steps: [
        {
          notify: NOTIFY,
          expect: { outcomes: { ada: { email_1: "sent" } }, messages: [{ channel: "in-app", body: HOSTILE_NAME }] },
        },
      ],
    },
    "is broken": { steps: [{ notify: { ...NOTIFY, workflow: "nosuch" }, expect: ["sent=1"] }] },
    "is skipped": { skip: HOSTILE_NAME, steps: [{ until_idle: true, expect: { no_messages: true } }] },
  };
  project.write(FILE, JSON.stringify({ workflow: "new-comment", scenarios }, null, 2));
}

const getLine = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split("\n").length;

describe.concurrent("reporters of knock test", () => {
  it("junit writes XML that its schema accepts, with the hostile names in it", async ({ collab }) => {
    writeScenarios(collab);
    const { stdout, exitCode } = await collab.knock(["test", FILE, "--reporter", "junit=reports/junit.xml"]);
    expect(stdout).toContain("1 passed · 1 failed · 1 broken · 1 skipped");
    expect(exitCode).toBe(3);
    expect(readdirSync(collab.path("reports"))).toEqual(["junit.xml"]);
    const xml = collab.read("reports/junit.xml");
    const schema = readFileSync(join(import.meta.dirname, "../helpers/junit.xsd"), "utf8");
    expect((await validateXML({ xml, schema })).errors).toEqual([]);
    const document = load(xml, { xml: true });
    const suites = document("testsuites").attr();
    expect(suites).toMatchObject({ name: "knock test", tests: "4", failures: "1", errors: "1" });
    expect(document("testsuite").attr()).toMatchObject({ name: FILE, tests: "4", skipped: "1" });
    expect(document("testcase:has(failure)").attr("name")).toBe(
      HOSTILE_NAME.replace("\u0000", "\\u0000").replace("\u001b", "\\u001b").replace("\u202e", "\\u202e"),
    );
    expect(document("failure").attr("message")).toContain("ada email_1: expected sent, found skipped");
    expect(document("failure").text()).toContain("]]> \\u0000");
    expect(document("failure").text()).toContain(`step 1, ${FILE}:`);
    expect(document("error").attr("type")).toBe("workflow_missing");
    expect(document("skipped").attr("message")).toContain('a <b> & "c"');
  });

  it("tap writes a test point for each scenario, with YAML diagnostics", async ({ collab }) => {
    writeScenarios(collab);
    const { stdout } = await collab.knock(["test", FILE, "--reporter", "tap"]);
    const lines = stdout.split("\n");
    expect(lines.slice(0, 3)).toEqual(["TAP version 14", "1..4", `ok 1 - ${FILE} > passes`]);
    expect(lines.filter((line) => /^(not )?ok/.test(line))).toHaveLength(4);
    expect(stdout).toContain(
      `not ok 2 - ${FILE} > a <b> & "c" ]]> \\u0000\\u001b[31m\\u202e \\# SKIP no\\u000a::error::x\\\\ `,
    );
    expect(stdout).toMatch(/^ok 4 - \S+ > is skipped # SKIP a <b>/m);
    const blocks = [...stdout.matchAll(/^ {2}---\n([\s\S]*?)^ {2}\.\.\.$/gm)].map(([, yaml = ""]) => parseYaml(yaml));
    expect(blocks).toEqual([
      {
        severity: "fail",
        failures: [
          expect.objectContaining({
            message: "ada email_1",
            wanted: "sent",
            at: expect.objectContaining({ file: FILE }),
          }),
          expect.objectContaining({ wanted: HOSTILE_NAME }),
        ],
      },
      expect.objectContaining({ severity: "error", code: "workflow_missing" }),
    ]);
  });

  it("github writes annotations at the expectations, and the job summary, without being asked", async ({ collab }) => {
    writeScenarios(collab);
    const source = collab.read(FILE);
    const { stdout, stderr } = await collab.knock(["test", FILE], {
      env: {
        GITHUB_ACTIONS: "true",
        GITHUB_WORKSPACE: join(collab.path("."), ".."),
        GITHUB_STEP_SUMMARY: collab.path("summary.md"),
      },
    });
    expect(stdout).toContain("1 passed · 1 failed");
    const commands = stderr.split("\n").filter((line) => line.startsWith("::"));
    const folder = collab.path(".").replace(/\/$/, "").split("/").at(-1);
    const places = commands.map((line) => /^::error file=([^,]+),line=(\d+),col=\d+,title=/.exec(line)?.slice(1, 3));
    const lines = [getLine(source, '"email_1"'), getLine(source, '"body"'), getLine(source, '"is broken"') + 2];
    expect(places).toEqual(lines.map((line) => [`${folder}/${FILE}`, String(line)]));
    const summary = collab.read("summary.md");
    expect(summary).toContain("### ✗ knock test\n\n1 passed, 1 failed, 1 broken, 1 skipped in 1 file");
    expect(summary.split("\n").filter((line) => line.startsWith("| knock"))).toHaveLength(3);
    expect(summary).not.toContain("<b>");
  });

  it("github points to the line of a file that cannot be read", async ({ collab }) => {
    collab.write(FILE, '{\n  "scenarios": {\n    "a": { "stepz": [] } } }');
    const { stderr, exitCode } = await collab.knock(["test", FILE, "--reporter", "github"]);
    expect(stderr).toContain(`::error file=${FILE},line=3,col=`);
    expect(exitCode).toBe(3);
  });

  it("json writes the document of --json, and --json stays one document beside other reporters", async ({ collab }) => {
    writeScenarios(collab);
    const args = [
      "test",
      FILE,
      "--json",
      "--reporter",
      "json=out.json",
      "--reporter",
      "tap=out.tap",
      "--reporter",
      "github",
    ];
    const { json } = await collab.knock(args);
    expect(JSON.parse(collab.read("out.json"))).toEqual(json);
    expect(collab.read("out.tap")).toContain("1..4\n");
  });

  it("terminal has colors only if the output shows them", async ({ collab }) => {
    writeScenarios(collab);
    const colored = await collab.knock(["test", FILE], { env: { FORCE_COLOR: "1" } });
    expect(colored.stdout).toContain("\u001b[32m✓\u001b[39m passes");
    expect(colored.stdout).toContain("\u001b[31m1 failed\u001b[39m");
    const plain = await collab.knock(["test", FILE]);
    expect(plain.stdout).not.toContain("\u001b[");
    const removeDurations = (text: string): string => text.replaceAll(/[\d.]+ m?s$/gm, "");
    expect(removeDurations(stripVTControlCharacters(colored.stdout))).toBe(removeDurations(plain.stdout));
  });

  it("terminal writes to a file without colors, and lists the slowest scenarios with --verbose", async ({ collab }) => {
    const args = ["test", "--verbose", "--reporter", "terminal=out.txt", "--reporter", "json"];
    const { stdout } = await collab.knock(args, { env: { FORCE_COLOR: "1" } });
    expect(JSON.parse(stdout)).toHaveProperty("summary.failed", 0);
    const text = collab.read("out.txt");
    expect(text).not.toContain("\u001b");
    expect(text).toMatch(/\nslowest\n( {2}.*(ms|s) {2}.*\n){3,5}\d+ passed {2}/);
  });

  it("fails for a file that cannot be written, after the other reporters have finished", async ({ collab }) => {
    const args = [
      "test",
      "--reporter",
      "junit=knock.json/a.xml",
      "--reporter",
      "tap=knock",
      "--reporter",
      "json=out.json",
    ];
    const { stderr, stdout, exitCode } = await collab.knock(args);
    expect(stdout).toMatch(/\d+ passed/);
    expect(existsSync(collab.path("out.json"))).toBe(true);
    expect(stderr).toContain("error: 2 reports were not written");
    expect(stderr).toContain("the report knock.json/a.xml was not written: ");
    expect(stderr).toContain("the report knock was not written: ");
    expect(exitCode).toBe(3);
  });

  it.for([
    [["junitt"], 'there is no reporter "junitt"', 'Did you mean "junit"?'],
    [["junit="], '"junit=" has no file', "Write --reporter junit=<file>"],
    [["github=a"], "github writes no file", "Write --reporter github."],
    [["junit", "tap"], "junit and tap both print to standard output", "--reporter junit=<file>"],
    [["junit=a.xml", "tap=./a.xml"], "two reporters write to a.xml", "Give each reporter a file of its own."],
  ] as const)("rejects --reporter %s", async ([values, message, hint], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["test", ...values.flatMap((value) => ["--reporter", value])]);
    expect(stderr).toContain(`--reporter: ${message}`);
    expect(stderr).toContain(hint);
    expect(exitCode).toBe(2);
  });

  it("rejects --json with another reporter on standard output", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["test", "--json", "--reporter", "junit"]);
    expect(stderr).toContain("--reporter: junit and json both print to standard output");
    expect(exitCode).toBe(2);
  });
});
