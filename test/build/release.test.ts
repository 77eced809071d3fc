import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { TemporaryProject } from "../helpers/temporary-project.js";

const ROOT = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

interface ReleaseStep {
  name?: string;
  run?: string;
  uses?: string;
}
interface ReleaseJob {
  needs?: string | string[];
  permissions?: Record<string, string>;
  steps: ReleaseStep[];
}
type Jobs = Record<string, ReleaseJob>;

const readWorkflow = (name: string) => parse(readFileSync(join(ROOT, ".github/workflows", name), "utf8"));

const { permissions, jobs } = readWorkflow("release.yml") as {
  permissions: Record<string, string>;
  jobs: Jobs & { pack: ReleaseJob; publish: ReleaseJob };
};
/** The jobs that may change something outside of the run, and what. */
const PERMISSIONS: Record<string, Record<string, string>> = {
  publish: { "id-token": "write" },
  "push-image": { packages: "write" },
  release: { contents: "write" },
};

describe("the release workflow", () => {
  let project: TemporaryProject;
  beforeEach(() => {
    project = new TemporaryProject({ "package.json": manifest });
  });
  afterEach(() => project.remove());

  const runStep = (name: string, env: Record<string, string>) => {
    const script = jobs.pack.steps.find((step) => step.name === name)?.run;
    return execa("bash", ["-ec", String(script)], { cwd: project.root, env, reject: false });
  };

  it("adds the address of the repository that publishes, and changes nothing else", async () => {
    const server = { GITHUB_SERVER_URL: "https://git.example", GITHUB_REPOSITORY: "ada/knock" };
    expect(await runStep("Add the address of the repository", server)).toMatchObject({ exitCode: 0 });
    const published = JSON.parse(readFileSync(project.path("package.json"), "utf8"));
    expect(published).toEqual({
      ...manifest,
      repository: { type: "git", url: "git+https://git.example/ada/knock.git" },
      bugs: { url: "https://git.example/ada/knock/issues" },
      homepage: "https://git.example/ada/knock#readme",
    });
  });

  it("stops if the tag is not the version", async () => {
    const check = async (tag: string) =>
      (await runStep("Check that the tag is the version", { GITHUB_REF_NAME: tag })).exitCode;
    expect(await check(`v${manifest.version}`)).toBe(0);
    expect(await check("v0.0.0")).toBe(1);
    expect(await check(manifest.version)).toBe(1);
  });

  it("lets only jobs that run no code of the project sign, push or publish", () => {
    expect(permissions).toEqual({ contents: "read" });
    for (const [name, job] of Object.entries(jobs)) {
      expect(job.permissions, name).toEqual(PERMISSIONS[name]);
      const runsProject = job.steps.some(({ run = "", uses = "" }) =>
        /actions\/checkout|npm (?:ci|run|test)|node |docker build /.test(`${uses} ${run}`),
      );
      expect(runsProject, name).toBe(!(name in PERMISSIONS));
    }
    expect(jobs.publish.steps.flatMap(({ run }) => run ?? [])).toEqual([
      "npm publish --access public --provenance ./knock-cli-*.tgz",
    ]);
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
  });

  it("publishes after everything else was built and tested", () => {
    expect(jobs.publish.needs).toEqual(["pack", "files", "image"]);
    expect([jobs["push-image"]?.needs, jobs.release?.needs]).toEqual(["publish", "publish"]);
    expect([jobs.files?.needs, jobs.executable?.needs, jobs.image?.needs]).toEqual(["executable", "pack", "pack"]);
  });

  it("uses no secret besides the token of the run", () => {
    const text = readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8");
    expect(text).not.toContain("secrets.");
    expect(text.match(/github\.token/g)).toHaveLength(2);
  });
});

describe("all workflows", () => {
  const workflows = ["ci.yml", "release.yml"].map((name) => readWorkflow(name) as { jobs: Jobs });
  const steps = workflows.flatMap((workflow) => Object.values(workflow.jobs).flatMap((job) => job.steps));

  it("run each action of a fixed commit", () => {
    const actions = steps.flatMap(({ uses }) => uses ?? []);
    expect(actions.length).toBeGreaterThan(10);
    for (const action of actions) expect(action).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/);
  });

  it("run only commands of CONTRIBUTING.md for each pull request", () => {
    const page = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
    const commands = Object.values((readWorkflow("ci.yml") as { jobs: Jobs }).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run }) => run ?? []),
    );
    expect(new Set(commands).size).toBe(4);
    for (const command of commands) expect(page).toMatch(new RegExp(`^${command} +# `, "m"));
  });
});
