import { describe, expect } from "vitest";
import { RESOURCE_TYPE_NAMES } from "../../src/domain/resource/resource-types.js";
import type { JsonObject } from "../../src/util/json.js";
import { openProjectApi, type ProjectApi, readProjectFiles } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";
import type { Files } from "../helpers/temporary-project.js";

const ENVIRONMENT = { channels: { twilio: { type: "sms" }, feed: { type: "in_app_feed" }, mail: { type: "email" } } };
const toWorkflow = (name: string): JsonObject => ({
  name,
  steps: [{ ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "twilio", template: { text_body: "Hi" } }],
});
const FILES = {
  "knock/environment.json": ENVIRONMENT,
  "knock/workflows/alert/workflow.json": toWorkflow("Alert"),
};

/** A project whose account is `knock dev` with the same files. */
const it = inProcessTest.extend<{ api: ProjectApi }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  api: async ({}, use) => {
    const api = await openProjectApi(FILES);
    await use(api);
    await api.close();
  },
});

function run(sample: Sample, { url }: ProjectApi, ...args: string[]): Promise<CommandResult> {
  return sample.knock(args, { env: { KNOCK_SERVICE_TOKEN: "knock_st_local", KNOCK_MGMT_BASE_URL: url } });
}

/** Pulls the account into an empty project, which is another checkout. */
async function checkOut(sample: Sample, api: ProjectApi): Promise<void> {
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/environment.json", ENVIRONMENT);
  expect(await run(sample, api, "pull")).toMatchObject({ exitCode: 0, stderr: "" });
}

const ALERT = "knock/workflows/alert/workflow.json";

describe.concurrent("an account of knock dev", () => {
  it("is pulled, planned and pushed, and a round trip changes nothing", async ({ empty, api }) => {
    await checkOut(empty, api);
    const { json } = await run(empty, api, "plan", "--json");
    expect(json).toMatchObject({ summary: { push: 0, pull: 0, conflicts: 0, uncommitted: 0 } });
    const before = empty.read(ALERT);
    expect((await run(empty, api, "push", "--quiet")).stdout).toBe("");
    empty.write(ALERT, before.replace('"Alert"', '"Loud alert"'));
    expect((await run(empty, api, "push", "--quiet")).stdout).toBe("workflows/alert");
    const planned = await run(empty, api, "plan");
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Equal, but not committed in the") });
    expect((await run(empty, api, "push", "-m", "Louder")).stdout).toContain("✓ workflows/alert  committed");
    expect((await run(empty, api, "pull")).stdout).toContain("✓ 0 written");
    expect(empty.read(ALERT)).toBe(before.replace('"Alert"', '"Loud alert"'));
  });

  it("pulls, pushes and commits every kind of resource", async ({ empty }) => {
    const shop = Object.entries(readProjectFiles("fixtures/shop"));
    const files: Files = {
      ...readProjectFiles("fixtures/collab"),
      ...Object.fromEntries(shop.filter(([name]) => /^knock\/(audiences|layouts|partials)\//.test(name))),
      "knock/schemas/user.json": { item_type: "user", item_id: null, properties: [{ key: "plan", type: "string" }] },
      "knock/schemas/objects/projects.json": { properties: [{ key: "title", type: "string" }] },
    };
    const api = await openProjectApi(files, { isComplete: true });
    try {
      empty.write("knock.json", { knockDir: "./knock" });
      empty.write("knock/environment.json", files["knock/environment.json"] as never);
      const { json } = await run(empty, api, "pull", "--json");
      const pulled = json.resources as { resource: string; type: string; files: string[] }[];
      expect(new Set(pulled.map(({ type }) => type))).toEqual(new Set(RESOURCE_TYPE_NAMES));
      for (const file of pulled.flatMap((resource) => resource.files)) {
        const content = file.endsWith(".json") ? (JSON.parse(empty.read(file)) as JsonObject) : null;
        if (content === null) continue;
        const [key = ""] = Object.keys(content);
        if (typeof content.name === "string") content.name += " 2";
        else if (Array.isArray(content.properties)) content.properties.push({ key: "more", type: "string" });
        else content[key] = "changed";
        empty.write(file, content);
      }
      const names = pulled.map(({ resource }) => resource).sort();
      const pushed = await run(empty, api, "push", "-m", "All", "--json");
      expect([...(pushed.json.pushed as string[])].sort(), pushed.stderr).toEqual(names);
      expect((await run(empty, api, "plan", "--json")).json).toMatchObject({
        resources: [],
        summary: { unchanged: names.length, uncommitted: 0 },
      });
    } finally {
      await api.close();
    }
  });

  it("promotes commits to production, and says if nothing is left", async ({ empty, api }) => {
    await checkOut(empty, api);
    const none = await run(empty, api, "promote");
    expect(none).toMatchObject({ exitCode: 0, stdout: "✓ nothing to promote from development to production" });
    empty.write(ALERT, toWorkflow("Loud alert"));
    await run(empty, api, "push", "-m", "Louder");
    const dryRun = await run(empty, api, "promote", "--dry-run", "--json");
    expect(dryRun.json).toMatchObject({
      from: "development",
      to: "production",
      commits: [{ resource: "workflows/alert", message: "Louder" }],
      promoted: false,
    });
    expect((await run(empty, api, "promote", "partials/none")).stdout).toContain("nothing to promote");
    const promoted = await run(empty, api, "promote", "workflows/alert", "--to", "production");
    expect(promoted.stdout).toMatch(/^RESOURCE .*\nworkflows\/alert {2}Louder /);
    expect(promoted.stdout).toContain("✓ 1 commit promoted from development to production");
    const { json } = await run(empty, api, "plan", "workflows/alert", "--environment", "production", "--json");
    expect(json).toMatchObject({ summary: { unchanged: 1 } });
    expect(await run(empty, api, "promote", "--to", "prodution")).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('Did you mean "production"?'),
    });
    expect(await run(empty, api, "promote", "--to", "development")).toMatchObject({ exitCode: 2 });
    expect(await run(empty, api, "promote", "workflows")).toMatchObject({ exitCode: 2 });
  });

  it("refuses a push to production without --force", async ({ empty, api }) => {
    await checkOut(empty, api);
    empty.write("knock/workflows/extra/workflow.json", toWorkflow("Extra"));
    const refused = await run(empty, api, "push", "workflows/extra", "--environment", "production");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stdout).toContain("✗ workflows/extra  not pushed");
    const forced = await run(empty, api, "push", "workflows/extra", "--environment", "production", "--force");
    expect(forced).toMatchObject({ exitCode: 0 });
  });

  it("creates, lists, merges and deletes branches", async ({ empty, api }) => {
    await checkOut(empty, api);
    expect((await run(empty, api, "branches", "list")).stdout).toBe("no branches");
    expect((await run(empty, api, "branches", "create", "louder")).stdout).toContain("✓ branch louder created");
    const duplicate = await run(empty, api, "branches", "create", "louder");
    expect(duplicate.exitCode).not.toBe(0);
    expect(duplicate.stderr).toContain("louder");
    expect((await run(empty, api, "branches", "--quiet")).exitCode).toBe(2);
    expect((await run(empty, api, "branches", "list", "--quiet")).stdout).toBe("louder");
    expect((await run(empty, api, "branches", "create", "a b")).exitCode).toBe(2);

    empty.write(ALERT, toWorkflow("Loud alert"));
    expect((await run(empty, api, "push", "--branch", "louder", "-m", "Louder", "--json")).json).toMatchObject({
      branch: "louder",
      pushed: ["workflows/alert"],
      committed: ["workflows/alert"],
    });
    expect((await run(empty, api, "plan", "--json")).json).toMatchObject({ push_order: ["workflows/alert"] });
    const merged = await run(empty, api, "branches", "merge", "louder", "--delete", "--json");
    expect(merged.json).toMatchObject({ slug: "louder", commits: [{ message: "Louder" }], deleted: true });
    expect((await run(empty, api, "plan", "--json")).json).toMatchObject({ summary: { push: 0, conflicts: 0 } });
    const missing = await run(empty, api, "branches", "delete", "louder");
    expect(missing).toMatchObject({ exitCode: 5 });
    expect((await run(empty, api, "plan", "--branch", "louder")).exitCode).toBe(5);
  });
});
