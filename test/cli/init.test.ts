import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { buildGitHubWorkflow } from "../../src/features/init/build-github-workflow.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

interface CiStep {
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface CiWorkflow {
  on: object;
  permissions: object;
  jobs: {
    test: {
      "runs-on": string;
      defaults: { run: { "working-directory": string } };
      steps: CiStep[];
    };
    review: { permissions: object; if: string; steps: CiStep[] };
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

/** The documented keywords of a job that the jobs use. */
const GITLAB_JOB_KEYS = ["image", "timeout", "before_script", "extends", "rules", "script", "artifacts", "variables"];

const SCHEMAS = readdirSync(join(import.meta.dirname, "../../schemas"))
  .filter((name) => name.endsWith(".schema.json"))
  .map((name) => `.knock-schemas/${name}`);

describe.concurrent("knock init", () => {
  it("creates a project whose next command works", async ({ empty }) => {
    const { json, exitCode } = await empty.knock(["init", "--json"]);
    expect([json, exitCode]).toEqual([{ files: [...FILES, ...SCHEMAS], changed: [], kept: [] }, 0]);
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
    expect([Object.keys(on), permissions]).toEqual([["pull_request", "push"], { contents: "read" }]);
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
    const { review } = jobs;
    expect([review.if, review.permissions]).toEqual([
      "github.event_name == 'pull_request'",
      { contents: "read", "pull-requests": "write" },
    ]);
    expect(review.steps[0]?.with).toEqual({ "fetch-depth": 0 });
    const step = review.steps.find(({ run = "" }) => run.includes(" review "));
    expect(step?.run).toBe("npx knock-cli review --post github --html reports/review.html");
    expect(step?.env).toEqual({ GITHUB_TOKEN: "${{ github.token }}" });
    expect(review.steps.at(-1)?.with?.path).toBe("app/reports/review.html");
  });

  it("--ci github uses the actions of the version once their address is known", () => {
    const build = (folder: string, address: string) =>
      buildGitHubWorkflow({ repository: "/", folder }, { version: "1.2.3", address });
    const { content, usesNpm } = build("app", "https://github.com/example/knock");
    const { jobs } = parse(content) as CiWorkflow;
    expect(usesNpm).toBe(false);
    expect(content).not.toMatch(/npm|npx/);
    expect(jobs.test.steps[1]).toEqual({ uses: "example/knock/actions/setup@v1.2.3" });
    expect(jobs.review.steps[1]).toEqual({
      uses: "example/knock/actions/review@v1.2.3",
      with: { project: "app" },
    });
    // GitHub Actions cannot read actions of other services.
    expect(build("", "https://git.example.com/example/knock").usesNpm).toBe(true);
  });

  it("--ci gitlab adds jobs whose commands pass, and includes them", async ({ empty }) => {
    mkdirSync(empty.path(".git"));
    const { json } = await empty.knock(["init", "app", "--ci", "gitlab", "--json"]);
    expect((json.files as string[]).filter((file) => file.includes("gitlab"))).toEqual([
      ".gitlab/knock.yml",
      ".gitlab-ci.yml",
    ]);
    expect(parse(empty.read(".gitlab-ci.yml"))).toEqual({ include: [{ local: ".gitlab/knock.yml" }] });
    const jobs = parse(empty.read(".gitlab/knock.yml")) as Record<string, Record<string, unknown>>;
    for (const [name, job] of Object.entries(jobs))
      expect(
        Object.keys(job).filter((key) => !GITLAB_JOB_KEYS.includes(key)),
        name,
      ).toEqual([]);
    expect(jobs[".knock"]?.before_script).toEqual(['cd "app"', "npm ci", "mkdir -p reports"]);
    expect(jobs["knock-test"]?.artifacts).toEqual({
      when: "always",
      paths: ["app/reports/"],
      reports: { junit: "app/reports/junit.xml", codequality: "app/reports/code-quality.json" },
    });
    for (const command of (jobs["knock-test"]?.script ?? []) as string[]) {
      const [line = ""] = command.split(" > ");
      const { exitCode, stdout, stderr } = await empty.knock(line.split(" ").slice(2), { cwd: "app" });
      expect([exitCode, stderr], stdout).toEqual([0, ""]);
      if (command.includes("code-quality.json")) expect(JSON.parse(stdout)).toEqual([]);
    }
    const [review = ""] = (jobs["knock-review"]?.script ?? []) as string[];
    expect(review).toContain("npx knock-cli review --post gitlab --html reports/review.html");
    expect(review).toContain('"$CI_JOB_URL/artifacts/file/app/reports/review.html"');
    expect(jobs["knock-review"]?.variables).toEqual({ GIT_DEPTH: "0" });
  });

  it("--ci gitlab keeps existing files, and names the lines that include the jobs", async ({ empty }) => {
    empty.write(".gitlab-ci.yml", "stages: [test]\n");
    const first = await empty.knock(["init", "--ci", "gitlab"]);
    expect(first.stdout).toContain("○ .gitlab-ci.yml kept");
    expect(first.stderr).toContain("Add this line to it: include: [{ local: .gitlab/knock.yml }]");
    expect(empty.read(".gitlab-ci.yml")).toBe("stages: [test]\n");
    empty.write(".gitlab-ci.yml", "include: [.gitlab/knock.yml]\n");
    const second = await empty.knock(["init", "--ci", "gitlab"]);
    expect([second.exitCode, second.stdout]).toEqual([0, expect.stringContaining("○ .gitlab/knock.yml kept")]);
    expect(second.stderr).not.toContain("warning:");
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
      /^warning: CI will fail at npm ci: there is no package\.json\. Copy knock-cli-\S+\.tgz to vendor\/ and run `npm install --save-dev \.\/vendor\/knock-cli-\S+\.tgz`\. Run `knock docs recipes\/without-node` to see a workflow without Node\.$/,
    );
    expect(await init({})).toContain("package.json has no dependency knock-cli");
    expect(await init({ "knock-cli": "file:../../elsewhere/knock-cli.tgz" })).toContain(
      "the dependency knock-cli is outside of the repository (file:../../elsewhere/knock-cli.tgz)",
    );
    expect(await init({ "knock-cli": "file:vendor/knock-cli.tgz" }, false)).toContain("there is no package-lock.json");
    expect(await init({ "knock-cli": "file:vendor/knock-cli.tgz" })).toBe("");
    expect(await init({ "knock-cli": "^0.1.0" })).toBe("");
    expect(empty.read(".github/workflows/knock.yml")).toMatch(
      /^# package to vendor\/, run npm install --save-dev \.\/vendor\//m,
    );
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
