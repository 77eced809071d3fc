import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

const NOTIFY = ["notify", "new-comment", "-r", "ada", "--set", "page=Home"];

function cached(sample: Sample): string[] {
  try {
    return readdirSync(join(sample.home, "cache/knock-cli")).filter((name) => name.endsWith(".bin"));
  } catch {
    return [];
  }
}

const run = async (sample: Sample, args: string[]): Promise<number> =>
  (await sample.knock(args, { env: { XDG_CACHE_HOME: join(sample.home, "cache") } })).exitCode;

describe.concurrent("compiled code", () => {
  it("is stored after a successful start, not after one that failed or showed help", async ({ collab }) => {
    expect(await run(collab, ["notify", "nothing", "-r", "ada"])).toBe(5);
    expect(await run(collab, ["notify", "--help"])).toBe(0);
    expect(cached(collab)).toEqual([]);
    expect(await run(collab, NOTIFY)).toBe(0);
    expect(cached(collab)).toEqual([expect.stringMatching(/^[0-9a-f]{16}-v\d+\.\d+\.\d+-\w+-notify\.bin$/)]);
  });

  it.for(["NODE_DISABLE_COMPILE_CACHE", "NODE_V8_COVERAGE"])("is not stored with %s", async (name, { collab }) => {
    const env = { XDG_CACHE_HOME: join(collab.home, "cache"), [name]: join(collab.home, "coverage") };
    expect((await collab.knock(NOTIFY, { env })).exitCode).toBe(0);
    expect(cached(collab)).toEqual([]);
  });

  it.runIf(existsSync("/proc/self"))("is not stored where no folder can be created", async ({ collab }) => {
    expect((await collab.knock(NOTIFY, { env: { XDG_CACHE_HOME: "/proc" } })).exitCode).toBe(0);
  });

  it("is stored when a signal stops a server, which is its regular end", async ({ collab }) => {
    const env = { XDG_CACHE_HOME: join(collab.home, "cache") };
    const args = ["dev", "--port", "0", "--store", ":memory:", "--ready-file", "ready.json"];
    const running = collab.start(args, { env });
    await eventually(() => existsSync(collab.path("ready.json")));
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    expect(cached(collab)).toEqual([expect.stringMatching(/-dev\.bin$/)]);
  });

  it("is written by the second start, again after a day, and if it is damaged, and unused ones are deleted", async ({
    collab,
  }) => {
    await run(collab, NOTIFY);
    const file = join(collab.home, "cache/knock-cli", String(cached(collab)[0]));
    expect(statSync(file).size).toBe(0);
    await run(collab, NOTIFY);
    const { size } = statSync(file);
    expect(size).toBeGreaterThan(100_000);
    const yesterday = Date.now() / 1_000 - 90_000;
    utimesSync(file, yesterday, yesterday);
    const [unused, recent] = [31, 29].map((days) => {
      const path = join(collab.home, "cache/knock-cli", `${days}-days-old.bin`);
      writeFileSync(path, "");
      utimesSync(path, Date.now() / 1_000 - days * 86_400, Date.now() / 1_000 - days * 86_400);
      return path;
    });
    expect(await run(collab, NOTIFY)).toBe(0);
    expect([unused, recent].map((path) => existsSync(String(path)))).toEqual([false, true]);
    expect(statSync(file).mtimeMs / 1_000).toBeGreaterThan(yesterday + 1_000);

    writeFileSync(file, "nothing of ours");
    expect(await run(collab, NOTIFY)).toBe(0);
    expect(statSync(file).size).toBeGreaterThan(size / 2);
  });

  it("of a run with several threads is accepted by the next run", async ({ collab }) => {
    const each = Array.from({ length: 30 }, (_, n) => `{ page: P${n} }`).join(", ");
    const step = '{ notify: { recipients: [ada], data: { page: "${page}" } }, expect: { messages: [{ to: ada }] } }';
    const scenario = `{ each: [${each}], steps: [${step}] }`;
    for (const name of ["a", "b", "c", "d", "e", "f"])
      collab.write(
        `scenarios/${name}.test.yaml`,
        `workflow: new-comment\nscenarios: { "triggers on \${page}": ${scenario} }\n`,
      );
    const test = () => run(collab, ["test", "scenarios", "--workers", "2"]);
    expect([await test(), await test()]).toEqual([0, 0]);
    const file = join(collab.home, "cache/knock-cli", String(cached(collab)[0]));
    const { mtimeMs, size } = statSync(file);
    expect(size).toBeGreaterThan(100_000);
    expect(await test()).toBe(0);
    expect(statSync(file).mtimeMs).toBe(mtimeMs); // Rejected code is written again.
  });

  it("keeps characters beyond ASCII in regular expressions, although the file is read one byte per character", async ({
    collab,
  }) => {
    const feed = { ref: "f", type: "channel", channel_key: "in-app-feed" };
    const template = { markdown_body: "{{ 'Straße Œuvre' | slugify: 'latin' }}" };
    collab.write("knock/workflows/slug/workflow.json", { name: "Slug", steps: [{ ...feed, template }] });
    await collab.knock(["notify", "slug", "-r", "ada"]);
    const id = (await collab.knock(["messages", "list", "--quiet"])).stdout;
    expect((await collab.knock(["messages", "show", id])).stdout).toContain("strasse-oeuvre");
  });
});
