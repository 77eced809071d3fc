import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { RunOptions, Sample } from "../helpers/run-knock.js";

const KEY = "sk_test_0123456789abcdefghij";
const SECRET = "0123456789abcdefghij";

async function setting(sample: Sample, name: string, args: string[] = [], options?: RunOptions): Promise<unknown> {
  const { json } = await sample.knock(["config", "get", name, ...args, "--json"], options);
  return [json.value, json.source];
}

async function logIn(sample: Sample, args: string[] = [], key = KEY): Promise<void> {
  const { exitCode, stderr, stdout } = await sample.knock(["auth", "login", "--with-key", ...args], {
    input: `${key}\n`,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).not.toContain(SECRET);
}

describe.concurrent("knock auth", () => {
  it("stores a key in a file that only its owner can read, and shows it in part", async ({ collab }) => {
    await logIn(collab, ["--base-url", "http://127.0.0.1:9", "--branch", "feature"]);
    const path = (await collab.knock(["config", "path"])).stdout;
    expect(path).toBe(join(collab.home, ".config/knock/profiles.json"));
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      default: "default",
      profiles: { default: { api_key: KEY, base_url: "http://127.0.0.1:9", branch: "feature" } },
    });
    for (const args of [
      ["auth", "status"],
      ["config", "list"],
      ["config", "get", "api_key"],
    ]) {
      for (const flags of [[], ["--json"], ["--verbose"]]) {
        const { stdout, stderr, exitCode } = await collab.knock([...args, ...flags]);
        expect(exitCode).toBe(0);
        expect(stdout + stderr).not.toContain(SECRET);
        expect(stdout).toContain("sk_…redacted");
      }
    }
  });

  it("manages several profiles and a default, and deletes them", async ({ collab }) => {
    await logIn(collab);
    await logIn(collab, ["--profile", "staging"]);
    const { json } = await collab.knock(["auth", "status", "--json"]);
    expect((json.items as JsonObject[]).map(({ name, is_default }) => [name, is_default])).toEqual([
      ["default", true],
      ["staging", false],
    ]);
    await collab.knock(["config", "set", "profile", "staging"]);
    expect(await setting(collab, "profile")).toEqual(["staging", "default"]);
    expect((await collab.knock(["auth", "logout", "--profile", "staging"])).stdout).toContain('"staging" deleted');
    expect((await collab.knock(["auth", "logout", "--profile", "staging"])).stdout).toBe(
      'there is no profile "staging"',
    );
    expect((await collab.knock(["auth", "status"])).stdout).not.toContain("staging");
  });

  it("keeps the recipient guard of a deleted profile, so that a later login is also guarded", async ({ collab }) => {
    await logIn(collab);
    await collab.knock(["config", "set", "recipients.allow", "*@example.com"]);
    expect((await collab.knock(["auth", "logout"])).stdout).toContain(
      'profile "default" deleted, except its recipient guard. To remove it, use `knock config set` with ""',
    );
    await logIn(collab);
    expect(await setting(collab, "recipients.allow")).toEqual(["*@example.com", "profile"]);
  });

  it("warns about a file that others can read", async ({ collab }) => {
    await logIn(collab);
    const path = join(collab.home, ".config/knock/profiles.json");
    await collab.shell(`chmod 644 ${path}`);
    const { stderr } = await collab.knock(["config", "list"]);
    expect(stderr).toMatch(/^warning: .+profiles\.json contains API keys, and other users .+chmod 600/);
  });

  it.for<[args: string[], input: string | undefined, exit: number, error: RegExp]>([
    [["auth", "login"], undefined, 2, /^error: no API key given\nhint: /],
    [["auth", "login", "--with-key"], "\n", 2, /^error: no API key given\nhint: /],
    [["auth", "login", "--with-key"], "sk_a b", 2, /^error: an API key contains no white space\nhint: /],
    [["auth", "login", "--with-key", "--profile", "../x"], "sk_a", 2, /^error: "\.\.\/x" is not a valid profile name/],
    [
      ["config", "set", "profile", "nobody"],
      undefined,
      3,
      /^error: there is no profile "nobody" in .+profiles\.json$/m,
    ],
    [
      ["config", "set", "base_url", "foo"],
      undefined,
      2,
      /^error: base_url: "foo" is not a URL\nhint: Use the address of the API/,
    ],
    [["config", "set", "branch", "a b"], undefined, 2, /^error: branch: "a b" is not a branch\nhint: Use the slug/],
    [["config", "set", "target", "lcal"], undefined, 2, /^error: target: "lcal" is not a target\nhint: /],
    [
      ["config", "set", "api_key", "sk_x"],
      undefined,
      2,
      /^error: "api_key" cannot be set\nhint: Run `knock auth login`/,
    ],
    [["runs", "--profile", "nobody"], undefined, 3, /^error: there is no profile "nobody" in /],
  ])("exits for %j: exit %i", async ([args, input, exit, error], { collab }) => {
    const { stderr, exitCode } = await collab.knock(args, input === undefined ? {} : { input });
    expect(stderr).toMatch(error);
    expect(exitCode).toBe(exit);
  });

  it("reports a damaged file without quoting it, and keeps it", async ({ collab }) => {
    await logIn(collab);
    const file = "../home/.config/knock/profiles.json";
    collab.write(file, `{"profiles":{"default":{"api_key":"${KEY}"`);
    for (const args of [["runs"], ["auth", "status"], ["auth", "login", "--api-key", "sk_new"]]) {
      const { stderr, exitCode } = await collab.knock([...args, "--json"]);
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/^error: .+profiles\.json is invalid JSON\nhint: Fix the file/);
      expect(stderr).not.toContain(SECRET);
    }
    expect(collab.read(file)).toContain(KEY);
  });
});

describe.concurrent("knock config set", () => {
  it("names the profile that it changes, and a new one", async ({ collab }) => {
    const set = async (...args: string[]) => (await collab.knock(["config", "set", ...args])).stdout;
    expect(await set("recipients.allow", "user:qa-*")).toContain('= user:qa-* (new default profile "default")');
    expect(await set("target", "remote")).toContain('target = remote (profile "default")');
    expect(await set("target", "")).toContain('target removed (profile "default")');
  });
});

describe.concurrent("settings: flag > environment > knock.json > profile > default", () => {
  it("apply to the target", async ({ collab }) => {
    expect(await setting(collab, "target")).toEqual(["local", "default"]);
    await logIn(collab);
    expect(await setting(collab, "target")).toEqual(["local", "default"]);
    await collab.knock(["config", "set", "target", "remote"]);
    expect(await setting(collab, "target")).toEqual(["remote", "profile"]);
    collab.write("knock.json", { knockDir: "./knock", settings: { target: "local" } });
    expect(await setting(collab, "target")).toEqual(["local", "project"]);
    const env = { KNOCK_TARGET: "remote" };
    expect(await setting(collab, "target", [], { env })).toEqual(["remote", "environment"]);
    expect(await setting(collab, "target", ["--target", "local"], { env })).toEqual(["local", "flag"]);
    expect(await setting(collab, "target", ["--local"], { env })).toEqual(["local", "flag"]);
    expect(await setting(collab, "target", ["--remote"])).toEqual(["remote", "flag"]);
    expect(await setting(collab, "target", [], { env: { KNOCK_TARGET: "" } })).toEqual(["local", "project"]);
  });

  it.for<[name: string, variable: string, flag: string]>([
    ["base_url", "KNOCK_BASE_URL", "--base-url"],
    ["branch", "KNOCK_BRANCH", "--branch"],
  ])("apply to %s", async ([name, variable, flag], { collab }) => {
    await logIn(collab);
    await collab.knock(["config", "set", name, "http://127.0.0.1:1"]);
    expect(await setting(collab, name)).toEqual(["http://127.0.0.1:1", "profile"]);
    collab.write("knock.json", { knockDir: "./knock", settings: { [name]: "http://127.0.0.1:2" } });
    expect(await setting(collab, name)).toEqual(["http://127.0.0.1:2", "project"]);
    const env = { [variable]: "http://127.0.0.1:3" };
    expect(await setting(collab, name, [], { env })).toEqual(["http://127.0.0.1:3", "environment"]);
    expect(await setting(collab, name, [flag, "http://127.0.0.1:4"], { env })).toEqual(["http://127.0.0.1:4", "flag"]);
  });

  it("apply to api_key by flag, environment and profile, never from knock.json", async ({ collab }) => {
    expect(await setting(collab, "api_key")).toEqual([null, "default"]);
    await logIn(collab);
    const sources = [
      await setting(collab, "api_key"),
      await setting(collab, "api_key", [], { env: { KNOCK_API_KEY: "sk_test_env" } }),
      await setting(collab, "api_key", ["--api-key", "sk_test_flag"], { env: { KNOCK_API_KEY: "sk_test_env" } }),
    ];
    expect(sources.map((one) => (one as unknown[])[1])).toEqual(["profile", "environment", "flag"]);
    collab.write("knock.json", { knockDir: "./knock", settings: { api_key: "sk_x" } });
    expect((await collab.knock(["runs"])).stderr).toContain('settings: unknown key "api_key"');
  });

  it("apply to the profile by flag, environment, knock.json and default", async ({ collab }) => {
    for (const name of ["a", "b", "c", "d"]) await logIn(collab, ["--profile", name, "--branch", `of-${name}`]);
    expect(await setting(collab, "branch")).toEqual(["of-a", "profile"]);
    collab.write("knock.json", { knockDir: "./knock", settings: { profile: "b" } });
    expect(await setting(collab, "branch")).toEqual(["of-b", "profile"]);
    const env = { KNOCK_PROFILE: "c" };
    expect(await setting(collab, "branch", [], { env })).toEqual(["of-c", "profile"]);
    expect(await setting(collab, "branch", ["--profile", "d"], { env })).toEqual(["of-d", "profile"]);
  });

  it("resolve the path of the store relative to its source", async ({ collab }) => {
    const send = ["notify", "new-comment", "-r", "ada", "--set", "page=x", "--quiet", "--project", ".."];
    await collab.knock([...send, "--store", "flag.db"], { cwd: "payloads", env: { KNOCK_STORE: "env.db" } });
    expect(collab.read("payloads/flag.db").length).toBeGreaterThan(0);
    await collab.knock(send, { cwd: "payloads", env: { KNOCK_STORE: "env.db" } });
    expect(collab.read("payloads/env.db").length).toBeGreaterThan(0);
    collab.write("knock.json", { knockDir: "./knock", settings: { store: "own/project.db" } });
    await collab.knock(send, { cwd: "payloads" });
    expect(collab.read("own/project.db").length).toBeGreaterThan(0);
    await collab.knock([...send, "--store", ":memory:"], { cwd: "payloads" });
    expect(() => collab.read(".knock-local/store.db")).toThrow("ENOENT");
  });

  it("keep the store out of version control, and find knock.json upwards", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=x"], { cwd: "knock/workflows/invite" });
    expect(collab.read(".knock-local/.gitignore")).toBe("*\n");
    expect((await collab.knock(["runs", "list", "--quiet", "--project", "knock.json"])).stdout).not.toBe("");
  });

  it.for<[args: string[], env: Record<string, string>, exit: number, error: RegExp]>([
    [["--local", "--remote"], {}, 2, /^error: --local, --remote and --target contradict each other\nhint: /],
    [["--target", "local", "--remote"], {}, 2, /^error: --local, --remote and --target contradict/],
    [[], { KNOCK_TARGET: "cloud" }, 2, /^error: KNOCK_TARGET: "cloud" is not a target\nhint: Use local or remote\./],
    [["--timeout", "never"], {}, 2, /^error: --timeout: "never" is not a duration\nhint: /],
    [["--timeout", "0s"], {}, 2, /^error: --timeout/],
  ])("contradict or are invalid for %j with %j: exit %i", async ([args, env, exit, error], { collab }) => {
    const { stderr, exitCode } = await collab.knock(
      ["notify", "new-comment", "-r", "ada", "--set", "page=x", ...args],
      {
        env,
      },
    );
    expect(stderr).toMatch(error);
    expect(exitCode).toBe(exit);
  });
});
