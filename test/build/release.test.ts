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
  permissions?: Record<string, string>;
  steps: ReleaseStep[];
}

const { permissions, jobs } = parse(readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8")) as {
  permissions: Record<string, string>;
  jobs: { pack: ReleaseJob; publish: ReleaseJob };
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

  it("may sign for the workflow only in the job that runs no code of the project", () => {
    expect([permissions, jobs.pack.permissions]).toEqual([{ contents: "read" }, undefined]);
    expect(jobs.publish.permissions).toEqual({ "id-token": "write" });
    expect(jobs.publish.steps.flatMap(({ run }) => run ?? [])).toEqual([
      "npm publish --access public --provenance ./knock-cli-*.tgz",
    ]);
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
  });

  it("runs each action of a fixed commit", () => {
    const actions = [...jobs.pack.steps, ...jobs.publish.steps].flatMap(({ uses }) => uses ?? []);
    expect(actions).toHaveLength(5);
    for (const action of actions) expect(action).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/);
  });
});
