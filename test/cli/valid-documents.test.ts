import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { ValidDocumentCache } from "../../src/app/valid-document-cache.js";
import type { JsonObject } from "../../src/util/json.js";
import { type CommandResult, cliTest as it, type RunOptions, type Sample } from "../helpers/run-knock.js";

const WORKFLOW = "knock/workflows/new-comment/workflow.json";

/** Runs a command with its own cache folder. */
const notify = (sample: Sample, env: Record<string, string> = {}, options: RunOptions = {}): Promise<CommandResult> =>
  sample.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"], {
    ...options,
    env: { XDG_CACHE_HOME: join(sample.home, "cache"), ...env },
  });

/** Returns the path of the cache's file, or null. */
function cacheFile({ home }: Sample): string | null {
  const folder = join(home, "cache/knock-cli");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith("-documents.txt")) : [];
  return names[0] === undefined ? null : join(folder, names[0]);
}

const change = (sample: Sample, properties: JsonObject): string =>
  sample.write(WORKFLOW, { ...JSON.parse(sample.read(WORKFLOW)), ...properties });

describe.concurrent("documents that are known to be valid", () => {
  it("are remembered by the first command and give the same outcome in the next", async ({ collab }) => {
    const first = await notify(collab);
    const digests = readFileSync(String(cacheFile(collab)), "utf8");
    expect(digests.split("\n").length).toBeGreaterThanOrEqual(3); // knock.json, the environment, the workflow
    const second = await notify(collab);
    expect(second.exitCode).toBe(0);
    expect(second.stdout.split("\n").at(-1)).toBe(first.stdout.split("\n").at(-1));
    expect(second.stderr).toBe(first.stderr);
    expect(readFileSync(String(cacheFile(collab)), "utf8")).toBe(digests);
  });

  it("have the same version as a workflow that is checked", async ({ collab }) => {
    const listVersions = async (env: Record<string, string> = {}): Promise<Set<unknown>> => {
      expect((await notify(collab, env)).exitCode).toBe(0);
      const { stdout } = await collab.knock(["messages", "list", "--json"]);
      const { items } = JSON.parse(stdout) as { items: { source: { version_id: string } }[] };
      return new Set(items.map(({ source }) => source.version_id));
    };
    const first = await listVersions();
    expect(first.size).toBe(1);
    expect(await listVersions()).toEqual(first);
    expect(await listVersions({ NODE_DISABLE_COMPILE_CACHE: "1" })).toEqual(first);
    change(collab, { name: "Another name" });
    expect((await listVersions()).size).toBe(2);
  });

  it("are not checked again", async ({ collab }) => {
    await notify(collab);
    change(collab, { nmae: "An unknown key" });
    expect((await notify(collab)).stderr).toContain('unknown key "nmae"');
    // The key of knock.json is invalid, so that only a false cache entry accepts it.
    collab.write("knock.json", { knockDir: "./knock", knokDir: "./other" });
    expect((await notify(collab)).exitCode).toBe(3);
    const cache = new ValidDocumentCache(cacheFile(collab));
    cache.add("knock.json", JSON.parse(collab.read("knock.json")));
    cache.save();
    expect((await notify(collab)).exitCode).toBe(0);
  });

  it("are checked again when they change, and a document with an error is reported by each command", async ({
    collab,
  }) => {
    await notify(collab);
    change(collab, { trigger_frequency: "never" });
    const first = await notify(collab);
    expect([first.exitCode, first.stderr]).toEqual([3, expect.stringContaining("trigger_frequency")]);
    expect(await notify(collab)).toMatchObject({ exitCode: 3, stderr: first.stderr });
  });

  it("exclude a document with an unknown key, about which each command warns", async ({ collab }) => {
    change(collab, { nmae: "An unknown key" });
    const first = await notify(collab);
    expect(first.stderr).toContain('unknown key "nmae"');
    expect((await notify(collab)).stderr).toBe(first.stderr);
  });

  it("exclude a recipients file with a likely mistake, about which each command warns", async ({ collab }) => {
    await notify(collab);
    collab.write("knock/recipients/mary.json", { users: [{ id: "mary", timezone: "Europe/Pariss" }] });
    const warned = await notify(collab);
    expect(warned.stderr).toContain("Europe/Pariss");
    expect((await notify(collab)).stderr).toBe(warned.stderr);
  });

  it("are checked by each command if the cache is damaged, cannot be written or is disabled", async ({ collab }) => {
    expect((await notify(collab, { NODE_DISABLE_COMPILE_CACHE: "1" })).exitCode).toBe(0);
    expect(cacheFile(collab)).toBe(null);
    writeFileSync(join(collab.home, "cache"), "a file where the folder would be");
    expect(await notify(collab)).toMatchObject({ exitCode: 0, stderr: "" });

    const XDG_CACHE_HOME = join(collab.home, "other");
    await notify(collab, { XDG_CACHE_HOME });
    for (const name of readdirSync(join(XDG_CACHE_HOME, "knock-cli")))
      if (name.endsWith("-documents.txt")) writeFileSync(join(XDG_CACHE_HOME, "knock-cli", name), "\0not ours");
    expect(await notify(collab, { XDG_CACHE_HOME })).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("include scenarios and recipients, which are checked again when they change", async ({ collab }) => {
    const FILE = "knock/workflows/new-comment/comments.test.yaml";
    const RECIPIENTS = "knock/recipients/people.json";
    const test = (env: Record<string, string> = {}): Promise<CommandResult> =>
      collab.knock(["test", FILE, "--json"], { env: { XDG_CACHE_HOME: join(collab.home, "cache"), ...env } });
    const readResults = ({ stdout }: CommandResult): unknown =>
      (JSON.parse(stdout) as { files: { scenarios: { duration_ms: number }[] }[] }).files.map((file) => ({
        ...file,
        scenarios: file.scenarios.map(({ duration_ms: _, ...scenario }) => scenario),
      }));
    const [content, recipients] = [collab.read(FILE), collab.read(RECIPIENTS)];
    const first = await test();
    expect(first.exitCode).toBe(0);
    expect(readResults(await test())).toEqual(readResults(first));
    expect(readResults(await test({ NODE_DISABLE_COMPILE_CACHE: "1" }))).toEqual(readResults(first));

    collab.write(FILE, content.replace("steps:", "stepps:"));
    for (let run = 0; run < 2; run++) {
      const { stdout, exitCode } = await test();
      expect([exitCode, stdout]).toEqual([3, expect.stringContaining("stepps")]);
    }
    collab.write(FILE, content);
    collab.write(RECIPIENTS, recipients.replace('"users"', '"userz"'));
    for (let run = 0; run < 2; run++) {
      const { stdout, exitCode } = await test();
      expect([exitCode, stdout]).toEqual([3, expect.stringContaining("userz")]);
    }
  });

  it("are completely saved by several processes at once", async ({ collab }) => {
    await notify(collab, { XDG_CACHE_HOME: join(collab.home, "other") }); // creates the store
    const runs = await Promise.all([notify(collab), notify(collab), notify(collab)]);
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    for (const line of readFileSync(String(cacheFile(collab)), "utf8").split("\n"))
      expect(line).toMatch(/^[0-9a-f]{16}( [0-9a-f-]{36})?$/);
  });
});
