import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, vi } from "vitest";
import type { TestReport } from "../../src/scenarios/test-report.js";
import { WAIT_OPTIONS } from "../helpers/eventually.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest, type Sample } from "../helpers/run-knock.js";

const FILE = "knock/workflows/new-comment/own.test.yaml";
const PASSING = `workflow: new-comment
scenarios:
  passes:
    steps:
      - { notify: { recipients: [ada], data: { page: Home } }, expect: [waiting=1] }
`;

/** Returns the names of the scenarios that ran. */
async function listRun(project: Sample, ...args: string[]): Promise<string[]> {
  const { json } = await project.knock(["test", "--json", ...args]);
  return (json as unknown as TestReport).files.flatMap(({ scenarios }) => scenarios.map(({ name }) => name));
}

function runGit(project: Sample, ...args: string[]): void {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  execFileSync("git", [...identity, ...args], { cwd: project.path("."), stdio: "ignore" });
}

describe.concurrent("the selection of knock test", () => {
  it("--shard runs each scenario in exactly one part", async ({ collab }) => {
    const all = await listRun(collab);
    const parts = await Promise.all(["1/3", "2/3", "3/3"].map((part) => listRun(collab, "--shard", part)));
    expect(parts.flat().sort()).toEqual(all.sort());
    expect(Math.min(...parts.map(({ length }) => length))).toBeGreaterThan(2);
  });

  it("--changed runs the scenarios of workflows that differ from a git revision", async ({ collab }) => {
    for (const args of [
      ["init", "--quiet"],
      ["add", "."],
      ["commit", "--quiet", "-m", "first"],
    ])
      runGit(collab, ...args);
    expect(await listRun(collab, "--changed", "--pass-with-no-tests")).toEqual([]);
    const unchanged = await collab.knock(["test", "--changed"]);
    expect([unchanged.exitCode, unchanged.stderr]).toEqual([1, expect.stringContaining("or use --pass-with-no-tests")]);
    const file = "knock/workflows/welcome/workflow.json";
    collab.write(file, collab.read(file).replace('"name": "', '"name": "Changed: '));
    expect(await listRun(collab, "--changed")).toEqual([
      'greets with "Welcome, Grace Hopper!", and names the tenant if there is one',
      'greets with "Welcome!", and names the tenant if there is one',
      "welcomes a person once",
    ]);
    const { stderr, exitCode } = await collab.knock(["test", "--changed", "nosuch"]);
    expect(stderr).toContain("nosuch");
    expect(exitCode).toBeGreaterThan(0);
  });

  it.for([["--changed"], ["--coverage"], ["--mutate"]])(
    "%s runs the scenarios of other workflows if one is invalid",
    async ([flag = ""], { collab }) => {
      runGit(collab, "init", "--quiet");
      runGit(collab, "add", ".");
      runGit(collab, "commit", "--quiet", "-m", "first");
      collab.write(FILE, PASSING);
      collab.write("knock/workflows/page-created/workflow.json", "{}");
      const { stdout, stderr } = await collab.knock(["test", FILE, flag]);
      expect(stdout).toContain("1 passed");
      expect(stderr).toContain("ignored an invalid workflow: knock/workflows/page-created/workflow.json");
    },
  );

  cliTest("--changed and replay --against need git, and say so without it", async ({ collab }) => {
    const env = { PATH: collab.path("nowhere") };
    const replay = await collab.knock(["replay", "--against", "main"], { env });
    expect([replay.exitCode, replay.stderr]).toEqual([
      2,
      expect.stringContaining("--against needs git, which is not installed"),
    ]);
    const test = await collab.knock(["test", "--changed"], { env });
    expect([test.exitCode, test.stderr]).toEqual([
      2,
      expect.stringContaining("--changed needs git, which is not installed"),
    ]);
  });

  it("--repeat runs a scenario several times and reports it once", async ({ collab }) => {
    collab.write(FILE, PASSING);
    expect(await listRun(collab, FILE, "--repeat", "3")).toEqual(["passes"]);
  });

  it.for([
    [["--shard", "4/3"], '--shard: "4/3" is not a shard'],
    [["--timeout", "0"], '--timeout: "0" is not a duration\nhint: Use a duration such as 500ms, 10s or 1m.'],
    [["--timeout", "0s"], '--timeout: "0s" must be longer than 0'],
    [["--changed"], "--changed: the project is not in a git repository"],
    [["--repeat", "0"], '--repeat: "0" is not a whole number from 1 to 10000'],
    [["--coverage-threshold", "101"], '--coverage-threshold: "101" is not a percentage'],
    [["--watch", "--json"], "--watch cannot be combined with --json"],
  ] as const)("rejects %s", async ([args, message], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["test", ...args]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });

  it("--mutate runs no mutant unless all scenarios pass", async ({ collab }) => {
    collab.write(FILE, PASSING.replace("waiting=1", "waiting=2"));
    const { stdout, stderr, exitCode } = await collab.knock(["test", FILE, "--mutate"]);
    expect(stderr).toContain("--mutate: no mutant was run, because all scenarios must pass first");
    expect(stdout).not.toContain("mutants noticed");
    expect(exitCode).toBe(1);
    expect((await collab.knock(["test", FILE, "--mutate", "--json"])).json.mutation).toBe(null);
  });

  it("--quiet prints what --mutate and --coverage found, and nothing if that is enough", async ({ collab }) => {
    collab.write(FILE, PASSING);
    const mutated = await collab.knock(["test", FILE, "--mutate", "--quiet"]);
    expect(mutated.stdout).toMatch(/^Tests caught \d+ of \d+ changes\n {2}invite nothing fails /);
    expect(mutated.stdout).toContain("nothing fails without email_2\n    expect `messages: [{ step: email_2 }]`\n");
    expect(mutated.stdout).toContain("    `advance` by less than 1 day, and expect `delay_1: waiting`\n");
    expect(mutated.exitCode).toBe(1);
    const covered = await collab.knock(["test", FILE, "--coverage", "--quiet"]);
    expect(covered.stdout).toMatch(/^WORKFLOW .*\n/);
    expect(covered.exitCode).toBe(0);
    expect(covered.stdout).toContain("not covered in order-placed\n  email_1: is never executed\n");
    expect(covered.stdout).toMatch(/^reasons that never occur .*\n {2}new-comment: preference \(in_app_feed_1\)$/m);
    const below = await collab.knock(["test", FILE, "--coverage-threshold", "90", "--quiet"]);
    expect(below.stdout).toContain("not covered in new-comment");
    expect(below.stderr).toContain("the coverage is below 90 %");
    expect(below.exitCode).toBe(1);
    const enough = await collab.knock(["test", FILE, "--coverage-threshold", "0", "--quiet"]);
    expect([enough.stdout, enough.stderr, enough.exitCode]).toEqual(["", "", 0]);
  });

  it("counts only the coverage and the faults of workflows that are selected by their keys", async ({ collab }) => {
    const read = async (...args: string[]) => {
      const { json } = await collab.knock(["test", ...args, "--coverage", "--mutate", "--json"]);
      const { coverage, mutation } = json as unknown as TestReport;
      return {
        workflows: coverage?.workflows.map(({ workflow }) => workflow),
        total: coverage?.total.steps.total,
        mutants: mutation?.total,
      };
    };
    const own = await read("new-comment");
    expect(own).toMatchObject({ workflows: ["new-comment"], total: 3 });
    const all = await read();
    expect(all.workflows?.length).toBeGreaterThan(5);
    expect(own.mutants).toBeLessThan(all.mutants ?? 0);
    const files = await read("new-comment", "knock/workflows/welcome");
    expect(files.workflows).toEqual(all.workflows);
    const enough = await collab.knock(["test", "new-comment", "--coverage-threshold", "100"]);
    expect([enough.stderr, enough.exitCode]).toEqual(["", 0]);
  });

  it("says that all scenarios are skipped", async ({ collab }) => {
    collab.write(FILE, PASSING.replace("    steps", "    skip: not final\n    steps"));
    for (const args of [[], ["--filter", "passes"]]) {
      const { stderr, exitCode } = await collab.knock(["test", FILE, ...args]);
      expect(stderr).toContain("no scenario ran: all selected scenarios are skipped\nhint: Remove skip");
      expect(exitCode).toBe(1);
    }
  });

  it("rejects a path in another project, with --project as a hint", async ({ collab, shop }) => {
    const { stderr, exitCode } = await collab.knock(["test", shop.path(".")]);
    expect(stderr).toContain("is in another project\nhint: Run `knock test --project ");
    expect(exitCode).toBe(2);
  });

  it("--watch runs again after a change, and after a file that cannot be read", async ({ collab }) => {
    collab.write(FILE, PASSING);
    const watching = collab.start(["test", FILE, "--watch"]);
    let seen = "";
    for (const stream of [watching.stdout, watching.stderr])
      stream?.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
      });
    const waitFor = async (text: string): Promise<void> => {
      await vi.waitFor(() => expect(seen).toContain(text), WAIT_OPTIONS);
      seen = seen.slice(seen.indexOf(text) + text.length);
    };
    await waitFor("1 passed");
    collab.write(FILE, PASSING.replace("waiting=1", "waiting=2"));
    await waitFor("1 failed");
    collab.write(FILE, "scenarios: [");
    await waitFor("1 broken");
    collab.write(FILE, PASSING);
    await waitFor("1 passed");
    watching.kill("SIGINT");
    await watching;
  });

  it("--watch does not run again after it has written its own files", async ({ collab }) => {
    collab.write(FILE, PASSING);
    // Standard output and the report are files of the project.
    const command = `echo $$ > .knock-local/pid; exec knock test ${FILE} --watch --reporter terminal --reporter junit=j.xml > out.txt`;
    collab.write(".knock-local/pid", "");
    const ended = collab.shell(command);
    const countRuns = (): number => readFileSync(collab.path("out.txt"), "utf8").match(/ 1 file, /g)?.length ?? 0;
    for (const [runs, until] of [
      [1, "waiting=2"],
      [2, "waiting=3"],
      [3, "waiting=1"],
    ] as const) {
      await vi.waitFor(() => expect(countRuns()).toBeGreaterThanOrEqual(runs), WAIT_OPTIONS);
      collab.write(FILE, PASSING.replace("waiting=1", until));
    }
    await vi.waitFor(() => expect(countRuns()).toBeGreaterThanOrEqual(4), WAIT_OPTIONS);
    expect(countRuns()).toBe(4);
    process.kill(Number(readFileSync(collab.path(".knock-local/pid"), "utf8")), "SIGINT");
    await ended;
  });
});
