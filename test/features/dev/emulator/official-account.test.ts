import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTranslationId } from "../../../../src/domain/resource/resource-document.js";
import { RESOURCE_TYPE_NAMES } from "../../../../src/domain/resource/resource-types.js";
import { listResourceIds, readResourceFiles } from "../../../../src/project/resources/read-resources.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { pushDocuments } from "../../../helpers/account-requests.js";
import { OfficialProcess } from "../../../helpers/official-process.js";
import { openProjectApi, type ProjectApi, readProjectFiles } from "../../../helpers/project-emulator.js";
import { TemporaryProject } from "../../../helpers/temporary-project.js";

const FIXTURES = join(import.meta.dirname, "../../../../fixtures");

let official: OfficialProcess;
beforeAll(async () => {
  official = await OfficialProcess.start();
});
afterAll(() => official.stop());

/** Returns the texts of a folder's files, by path. */
const readTexts = ({ root }: TemporaryProject): Record<string, string> =>
  Object.fromEntries(Object.entries(readProjectFiles(root)).map(([path, content]) => [path, String(content)]));

/** Returns whether the official command asks for no annotations when it pushes a file, and then writes read-only fields into it. */
const isPushedWithoutAnnotations = (path: string): boolean => path.endsWith("/audience.json");

/** Returns the contents of a project's resources except some, without fields of guides that the service derives. */
async function readContents(project: TemporaryProject, omitted: ReadonlySet<string>): Promise<Record<string, unknown>> {
  const folders = { knockDir: project.path("knock"), displayPath: (path: string) => path };
  const contents: Record<string, unknown> = {};
  for (const type of RESOURCE_TYPE_NAMES)
    for (const id of listResourceIds(folders, type)) {
      if (omitted.has(`${type} ${id}`)) continue;
      const content: JsonObject = (await readResourceFiles(folders, { type, id }))?.content ?? {};
      const { type: guideType, semver, ...rest } = content;
      contents[`${type} ${id}`] = type === "guide" ? rest : content;
    }
  return contents;
}

/** Expects that the account still has the translation of a tenant as in its file. */
async function expectTenantTranslation({ request }: ProjectApi, path: string, text: unknown): Promise<void> {
  const { tenant, namespace, locale } = parseTranslationId(basename(path, ".json"));
  const query = `environment=development&tenant=${tenant}&namespace=${namespace ?? ""}`;
  const headers = { authorization: "Bearer knock_st_local" };
  const { status, body } = await request(`GET /v1/translations/${locale}?${query}`, undefined, headers);
  expect([status, JSON.parse(String(body.content))]).toEqual([200, JSON.parse(String(text))]);
}

describe("a round trip with the official command (CLI-350 to CLI-354)", () => {
  it.each(["collab", "ops", "shop", "tracker"])("changes no byte of %s", async (name) => {
    const files = readProjectFiles(join(FIXTURES, name));
    const ofTenants = Object.keys(files).filter((path) => path.includes("~"));
    const api = await openProjectApi(files);
    const checkout = new TemporaryProject(
      Object.fromEntries(Object.entries(files).filter(([path]) => !ofTenants.includes(path))),
    );
    // The official command writes the translations of all tenants into one file at the same time, so any of them may be left, or a
    // mix of them, which it rejects when it pushes.
    const merged = new Set(ofTenants.map((path) => path.replace(/[^/]*~/, "")));
    const mergedIds = new Set(
      [...ofTenants, ...merged].map((path) => `translation ${basename(path).replace(/\.\w+$/, "")}`),
    );
    const readUnmerged = (project: TemporaryProject) => readContents(project, mergedIds);
    const run = async (...args: string[]): Promise<Record<string, string>> => {
      const { exitCode, stdout, stderr } = await official.run(api.url, args, { cwd: checkout.root });
      expect([exitCode, stdout + stderr]).toEqual([0, expect.stringContaining("Successfully")]);
      const texts = readTexts(checkout);
      for (const path of ofTenants) {
        const shared = path.replace(/[^/]*~/, "");
        checkout.write({ [shared]: String(files[shared] ?? files[path]) });
      }
      return Object.fromEntries(Object.entries(texts).filter(([path]) => !merged.has(path)));
    };
    const omitAudiences = (texts: Record<string, string>) =>
      Object.entries(texts).filter(([path]) => !isPushedWithoutAnnotations(path));
    try {
      const pulled = await run("pull", "--force");
      expect(await readUnmerged(checkout)).toEqual(await readUnmerged(api.project));
      expect(omitAudiences(await run("push"))).toEqual(omitAudiences(pulled));
      // Audiences have the same content, and read-only fields until the next pull.
      expect(await readUnmerged(checkout)).toEqual(await readUnmerged(api.project));
      for (const path of ofTenants) await expectTenantTranslation(api, path, files[path]);
      expect(await run("pull", "--force")).toEqual(pulled);
    } finally {
      await api.close();
      checkout.remove();
    }
  });
});

const CHANNELS = { mail: { type: "email" }, feed: { type: "in_app_feed" }, tours: { type: "in_app_guide" } };

const KINDS: [command: string, key: string, noun: string][] = [
  ["workflow", "hello", "workflows"],
  ["layout", "default", "email layouts"],
  ["partial", "greeting", "partials"],
  ["message-type", "banner", "in-app message types"],
  ["translation", "en", "translations"],
  ["guide", "tour", "guides"],
  ["audience", "club", "audiences"],
];

describe("the official command with an account (CLI-001 to CLI-177)", () => {
  let api: ProjectApi;
  let checkout: TemporaryProject;

  beforeAll(async () => {
    api = await openProjectApi({ "knock/environment.json": { channels: CHANNELS } });
    const request: Parameters<typeof pushDocuments>[0]["request"] = async (endpoint, content, headers) => {
      const { status, body } = await api.request(endpoint, content, headers);
      return { status, body, text: JSON.stringify(body), headers: new Headers(), rows: [] };
    };
    await pushDocuments({ request });
    checkout = new TemporaryProject({ "knock.json": { knockDir: "knock" }, ".gitignore": "" });
  });
  afterAll(async () => {
    await api.close();
    checkout.remove();
  });

  const run = (...args: string[]) => official.run(api.url, args, { cwd: checkout.root });

  /** Runs a command that succeeds and prints a text. */
  async function expectOutput(args: readonly string[], expected: string | RegExp): Promise<string> {
    const { exitCode, stdout, stderr } = await run(...args);
    expect([args, exitCode, stdout + stderr]).toEqual([args, 0, expect.stringMatching(expected)]);
    return stdout;
  }

  /** Runs a command that fails with a text. */
  async function expectFailure(args: readonly string[], expected: string | RegExp): Promise<void> {
    const { exitCode, stdout, stderr } = await run(...args);
    expect([args, exitCode === 0, stdout + stderr.replaceAll(/\s+/g, " ")]).toEqual([
      args,
      false,
      expect.stringMatching(expected),
    ]);
  }

  it("describes the account, its environments and channels", async () => {
    await expectOutput(["whoami"], "Account name: Local");
    await expectOutput(["environment", "list"], /Showing 2 environments[\s\S]*development[\s\S]*production/);
    await expectOutput(["channel", "list"], /Showing \d channels[\s\S]*mail/);
  });

  it.each(KINDS)("pulls, validates, pushes and shows each %s", async (kind, key, noun) => {
    await expectOutput([kind, "pull", "--all", "--force"], "Successfully (created|updated)");
    await expectOutput([kind, "pull", key, "--force"], "Successfully updated");
    await expectOutput([kind, "validate", "--all"], "Successfully validated");
    await expectOutput(
      [kind, "push", key],
      `Successfully pushed 1 [\\w ]+\\(s\\) to .development. environment:\\n\\s+${key}`,
    );
    await expectOutput([kind, "list"], new RegExp(`Showing \\d+ ${noun}[\\s\\S]*${key}`));
    await expectOutput([kind, "get", key], new RegExp(`Showing [\\w -]+ .${key}.`));
    expect(JSON.parse(await expectOutput([kind, "list", "--limit", "1", "--json"], "page_info"))).toMatchObject({
      entries: [{}],
    });
  });

  it("pulls and pushes everything", async () => {
    await expectOutput(["pull", "--force"], "Successfully");
    const pulled = readTexts(checkout);
    await expectOutput(["push"], "Successfully pushed");
    await expectOutput(["pull", "--force"], "Successfully");
    expect(readTexts(checkout)).toEqual(pulled);
  });

  it("commits and promotes", async () => {
    await expectOutput(["commit", "--force", "-m", "First"], "Successfully committed all changes in .development.");
    await expectFailure(["commit", "--force"], /[Nn]o.* changes/);
    const listed = await expectOutput(
      ["commit", "list", "--json", "--resource-type", "workflow", "--resource-id", "hello"],
      "First",
    );
    const [commit] = (JSON.parse(listed) as { entries: { id: string }[] }).entries;
    await expectOutput(["commit", "list"], /Showing \d+ commits[\s\S]*First/);
    await expectOutput(["commit", "get", commit?.id ?? ""], /Identifier +hello/);
    await expectOutput(["commit", "promote", "--force", "--only", commit?.id ?? ""], "into .production. environment");
    await expectOutput(["commit", "promote", "--force", "--to", "production"], "Successfully promoted all changes");
    await expectFailure(["commit", "promote", "--force", "--to", "production"], /promote/);
    await expectOutput(["workflow", "get", "hello", "--environment", "production"], "Showing workflow .hello.");
    await expectOutput(["commit", "list", "--promoted"], "only promoted");
  });

  it("pushes and commits in one step", async () => {
    const file = "knock/partials/greeting/partial.json";
    const partial = JSON.parse(readTexts(checkout)[file] ?? "{}");
    checkout.write({ [file]: JSON.stringify({ ...partial, description: "Changed" }) });
    await expectOutput(
      ["partial", "push", "greeting", "--commit", "-m", "Second"],
      "Successfully pushed and committed 1",
    );
    await expectOutput(["commit", "list", "--no-promoted"], "Second");
  });

  it("activates workflows and guides", async () => {
    const target = ["--environment", "development", "--force"];
    await expectOutput(["workflow", "activate", "hello", ...target], "Successfully activated .hello. workflow");
    await expectOutput(["workflow", "activate", "hello", ...target, "--status", "false"], "Successfully deactivated");
    await expectOutput(
      ["guide", "activate", "tour", ...target, "--status", "true"],
      "Successfully activated .tour. guide",
    );
    await expectOutput(
      ["guide", "activate", "tour", ...target, "--from", "2030-01-01T00:00:00Z"],
      "Successfully scheduled",
    );
  });

  it("runs workflows", async () => {
    await expectOutput(["workflow", "activate", "hello", "--environment", "development", "--force"], "activated");
    await expectOutput(["workflow", "run", "hello", "--recipients", "ada"], "Successfully ran .hello. workflow");
  });

  it("creates resources and types", async () => {
    // Its own --push forgets the token and the address.
    const flags = ["--key", "fresh", "--name", "Fresh", "--steps", "email", "--force"];
    await expectOutput(["workflow", "new", ...flags], "Successfully created workflow");
    await expectOutput(["workflow", "push", "fresh"], "Successfully pushed 1 workflow");
    await expectOutput(["workflow", "generate-types", "--output-file", "types.ts"], "types.ts");
    await expectOutput(["guide", "generate-types", "--output-file", "guides.ts"], "types for 1 message type");
  });

  it("works on branches", async () => {
    await expectOutput(["branch", "create", "feature-one"], "Successfully created branch .feature-one.");
    await expectFailure(["branch", "create", "feature-one"], /feature-one/);
    await expectOutput(["branch", "list"], "feature-one");
    await expectOutput(["branch", "switch", "feature-one", "--force"], "Successfully switched");
    await expectOutput(["branch", "exit"], "Successfully exited");
    const file = "knock/partials/greeting/content.html";
    checkout.write({ [file]: "<i>{{ name }}</i>" });
    const branch = ["--branch", "feature-one"];
    await expectOutput(["partial", "push", "greeting", ...branch], "to .feature-one. branch");
    await expectOutput(["commit", "--force", ...branch], "in .feature-one. branch");
    await expectOutput(["branch", "merge", "feature-one", "--force"], "Successfully merged all changes");
    await expectOutput(["partial", "pull", "greeting", "--force"], "Successfully updated");
    expect(readTexts(checkout)[file]).toBe("<i>{{ name }}</i>");
    await expectFailure(["branch", "delete", "feature-one", "--force"], /no branch|does not exist|branch/);
    await expectOutput(["branch", "switch", "feature-two", "--create", "--force"], "Successfully switched");
    await expectOutput(["branch", "exit"], "Successfully exited");
    await expectOutput(["branch", "delete", "feature-two", "--force"], "Successfully deleted branch");
  });

  it("archives audiences", async () => {
    await expectOutput(
      ["audience", "archive", "club", "--environment", "development", "--force"],
      "Successfully archived",
    );
    await expectFailure(["audience", "get", "club"], /club|does not exist/);
  });

  it("prints its own messages for failures (CLI-040)", async () => {
    const steps = [
      { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail", template: { html_body: "" } },
    ];
    checkout.write({ "knock/workflows/broken/workflow.json": { name: "Broken", steps } });
    await expectFailure(["workflow", "validate", "broken"], /JsonDataError: data at "steps\[0\].template.subject"/);
    await expectFailure(["workflow", "push", "broken"], /JsonDataError: data at "steps\[0\].template.subject"/);
    await expectFailure(["workflow", "get", "nope"], "ApiError: The resource you requested does not exist");
    await expectFailure(["workflow", "list", "--environment", "nowhere"], /ApiError: .*nowhere/);
    await expectFailure(["workflow", "list", "--branch", "nowhere"], /ApiError: .*nowhere/);
    api.project.write({ "knock/partials/torn/partial.json": "{" });
    await expectFailure(["partial", "list"], /ApiError: .*partials\/torn\/partial.json:1:2/);
    rmSync(api.project.path("knock/partials/torn"), { recursive: true });
    const { exitCode, stderr } = await official.run(api.url, ["partial", "list"], { token: "sk_dev" });
    expect([exitCode === 0, stderr]).toEqual([false, expect.stringContaining("The bearer token is unknown")]);
  });
});
