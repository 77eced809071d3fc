import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { inProcessTest as it } from "../helpers/run-in-process.js";

interface CiWorkflow {
  on: object;
  permissions: object;
  jobs: {
    test: {
      "runs-on": string;
      defaults: { run: { "working-directory": string } };
      steps: { uses?: string; run?: string; if?: string; with?: Record<string, unknown> }[];
    };
  };
}

const FILES = [
  "knock.json",
  "knock/workflows/hello/workflow.json",
  "knock/workflows/hello/in_app_feed_1/markdown_body.md",
  "knock/workflows/hello/email_1/html_body.html",
  "knock/workflows/hello/hello.test.yaml",
  "knock/environment.json",
  "knock/recipients/users.json",
];

const SCHEMAS = readdirSync(join(import.meta.dirname, "../../schemas"))
  .filter((name) => name.endsWith(".schema.json"))
  .map((name) => `.knock-schemas/${name}`);

describe.concurrent("knock init", () => {
  it("creates a project whose next command works", async ({ empty }) => {
    const { json, exitCode } = await empty.knock(["init", "--json"]);
    expect([json, exitCode]).toEqual([{ files: [...FILES, ...SCHEMAS], kept: [] }, 0]);
    const { stdout, stderr } = await empty.knock(["notify", "hello", "--recipients", "ada", "--strict"]);
    expect(stderr).toBe("");
    expect(stdout).toContain("ada");
  });

  it("--quiet creates the same files and prints nothing", async ({ empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(["init", "--quiet"]);
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(empty.read("knock.json")).toContain("knockDir");
  });

  it("creates a scenario that passes, with the JSON Schema that editors check it with", async ({ empty }) => {
    await empty.knock(["init"]);
    const { stdout, exitCode } = await empty.knock(["test"]);
    expect(stdout).toContain("1 passed");
    expect(exitCode).toBe(0);
    const [comment] = empty.read("knock/workflows/hello/hello.test.yaml").split("\n");
    expect(comment).toBe("# yaml-language-server: $schema=../../../.knock-schemas/scenario.schema.json");
  });

  it("names in each document the JSON Schema that it has copied, which the document matches", async ({ empty }) => {
    await empty.knock(["init"]);
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
    for (const file of FILES.filter((name) => name.endsWith(".json"))) {
      const document = JSON.parse(empty.read(file)) as { $schema: string };
      expect(document.$schema).toMatch(/^\.\.?\//);
      const schema = JSON.parse(empty.read(join(dirname(file), document.$schema))) as object;
      const validate = ajv.compile(schema);
      expect([file, validate(document), validate.errors]).toEqual([file, true, null]);
    }
  });

  it("has examples that work again in the created project without a change", async ({ empty }) => {
    await empty.knock(["init"]);
    empty.write("knock/environment.json", '{ "name": "mine" }');
    const again = await empty.knock(["init"]);
    expect(again.exitCode).toBe(0);
    expect(again.stdout.split("\n").sort()).toEqual(FILES.map((file) => `○ ${file} kept`).sort());
    expect(again.stderr).toContain("all files already exist");
    expect(empty.read("knock/environment.json")).toBe('{ "name": "mine" }');
    const nested = await empty.knock(["init", "notifications", "--json"]);
    expect([nested.exitCode, nested.json.files]).toEqual([
      0,
      [...FILES, ...SCHEMAS].map((file) => `notifications/${file}`),
    ]);
  });

  it("--ci github adds a workflow whose commands pass, in the root of the repository", async ({ empty }) => {
    mkdirSync(empty.path(".git"));
    const { json } = await empty.knock(["init", "app", "--ci", "github", "--json"]);
    expect((json.files as string[]).filter((file) => file.includes("github"))).toEqual([".github/workflows/knock.yml"]);
    const { on, permissions, jobs } = parse(empty.read(".github/workflows/knock.yml")) as CiWorkflow;
    expect([Object.keys(on), permissions]).toEqual([["push", "pull_request"], { contents: "read" }]);
    const { steps, defaults, ...job } = jobs.test;
    expect([job["runs-on"], defaults.run["working-directory"]]).toEqual(["ubuntu-latest", "app"]);
    for (const step of steps) expect(Object.keys(step).some((key) => ["uses", "run"].includes(key))).toBe(true);
    const commands = steps.flatMap(({ run = "" }) =>
      run.startsWith("npx knock-cli ") ? [run.split(" ").slice(2)] : [],
    );
    expect(commands.map(([name]: string[]) => name)).toEqual(["validate", "test"]);
    for (const args of commands) {
      const { exitCode, stdout, stderr } = await empty.knock(args, { cwd: "app" });
      expect([exitCode, stderr], stdout).toEqual([0, ""]);
    }
    const upload = steps.find(({ uses = "" }) => uses.startsWith("actions/upload-artifact@"));
    expect(upload?.if).toBe("${{ always() }}");
    expect(upload?.with?.path).toBe("app/reports/");
    for (const file of ["junit.xml", "report.html"]) expect(empty.read(`app/reports/${file}`)).not.toBe("");
  });

  it("--ci github warns if npm ci would fail or not install the command", async ({ empty }) => {
    mkdirSync(empty.path(".git"));
    let count = 0;
    const init = async (devDependencies?: Record<string, string>, hasLock = true): Promise<string> => {
      const folder = `app${count++}`;
      if (devDependencies) empty.write(`${folder}/package.json`, { devDependencies });
      if (hasLock) empty.write(`${folder}/package-lock.json`, {});
      const { rmSync } = await import("node:fs");
      rmSync(empty.path(".github"), { recursive: true, force: true });
      const { stderr, exitCode } = await empty.knock(["init", folder, "--ci", "github"]);
      expect(exitCode).toBe(0);
      return stderr
        .split("\n")
        .filter((line) => line.startsWith("warning: "))
        .join("\n");
    };
    expect(await init()).toMatch(
      /^warning: CI will fail at npm ci: there is no package\.json\. Copy knock-cli-\S+\.tgz to vendor\/ and run `npm install --save-dev \.\/vendor\/knock-cli-\S+\.tgz`\. Run `knock help docs\/recipes\/without-node\.md` to see a workflow without Node\.$/,
    );
    expect(await init({})).toContain("package.json has no dependency knock-cli");
    expect(await init({ "knock-cli": "file:../../elsewhere/knock-cli.tgz" })).toContain(
      "the dependency knock-cli is outside of the repository (file:../../elsewhere/knock-cli.tgz)",
    );
    expect(await init({ "knock-cli": "file:vendor/knock-cli.tgz" }, false)).toContain("there is no package-lock.json");
    expect(await init({ "knock-cli": "file:vendor/knock-cli.tgz" })).toBe("");
    expect(await init({ "knock-cli": "^0.1.0" })).toBe("");
    expect(empty.read(".github/workflows/knock.yml")).toMatch(/^# vendor\/, run npm install --save-dev \.\/vendor\//m);
  });

  it("--ci github keeps an existing workflow, and says so", async ({ empty }) => {
    empty.write(".github/workflows/knock.yml", "name: mine\n");
    const { stdout, exitCode } = await empty.knock(["init", "--ci", "github"]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("○ .github/workflows/knock.yml kept")]);
    expect(empty.read(".github/workflows/knock.yml")).toBe("name: mine\n");
  });

  it("adds only what is missing", async ({ empty }) => {
    await empty.knock(["init"]);
    const { rmSync } = await import("node:fs");
    for (const file of ["knock/environment.json", "knock/workflows/hello/email_1/html_body.html"])
      rmSync(empty.path(file));
    const { json } = await empty.knock(["init", "--json"]);
    expect(json.files).toEqual(["knock/workflows/hello/email_1/html_body.html", "knock/environment.json"]);
    expect((json.kept as string[]).includes("knock/recipients/users.json")).toBe(true);
    expect((await empty.knock(["notify", "hello", "-r", "ada", "--strict"])).exitCode).toBe(0);
  });

  it("keeps an existing project's folder, workflows and recipients, and declares their channels", async ({
    collab,
  }) => {
    const { rmSync } = await import("node:fs");
    rmSync(collab.path("knock/environment.json"));
    const workflow = collab.read("knock/workflows/new-comment/workflow.json");
    const { stdout, stderr, exitCode } = await collab.knock(["init"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("✓ knock/environment.json added\n");
    expect(stdout).toContain("○ knock/recipients/people.json kept\n");
    expect(stdout).not.toContain("hello");
    expect(stderr).toContain("Next: run `knock workflows list`");
    expect(collab.read("knock/workflows/new-comment/workflow.json")).toBe(workflow);
    const run = await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--strict"]);
    expect([run.stderr, run.exitCode]).toEqual(["", 0]);
  });

  it("uses the knockDir of an existing knock.json, and reports an invalid one", async ({ empty }) => {
    empty.write("knock.json", '{ "knockDir": "./notifications" }');
    const { json } = await empty.knock(["init", "--json"]);
    expect(json.files).toContain("notifications/workflows/hello/workflow.json");
    expect(json.kept).toEqual(["knock.json"]);
    empty.write("knock.json", "{");
    const broken = await empty.knock(["init"]);
    expect([broken.stdout, broken.exitCode]).toEqual(["", 3]);
    expect(broken.stderr).toContain("knock.json:1:2");
  });
});
