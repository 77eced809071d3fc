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
}

const { permissions, jobs } = parse(readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8")) as {
  permissions: Record<string, string>;
  jobs: { publish: { steps: ReleaseStep[] } };
};

describe("the release workflow", () => {
  let project: TemporaryProject;
  beforeEach(() => {
    project = new TemporaryProject({ "package.json": manifest });
  });
  afterEach(() => project.remove());

  const runStep = (name: string, env: Record<string, string>) => {
    const script = jobs.publish.steps.find((step) => step.name === name)?.run;
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

  it("may sign the statement that provenance needs, and nothing more", () => {
    expect(permissions).toEqual({ contents: "read", "id-token": "write" });
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
    expect(jobs.publish.steps.at(-1)).toEqual({ run: "npm publish" });
  });
});
