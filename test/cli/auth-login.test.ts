import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";
import { type StubResponse, startStubApi } from "../helpers/stub-api.js";

const SECRET = "0123456789abcdefghij";
const KEY = `sk_live_${SECRET}`;
const LIST = "/v1/messages?page_size=1";
const EMPTY = { items: [], page_info: { __typename: "PageInfo", after: null, before: null, page_size: 1 } };

const logIn = (sample: Sample, key: string, ...args: string[]) =>
  sample.knock(["auth", "login", "--with-key", ...args], { input: `${key}\n` });

const isStored = (sample: Sample): boolean => existsSync(`${sample.home}/.config/knock/profiles.json`);

/** Logs in with --check against an API with this response. */
async function check(sample: Sample, key: string, reply: StubResponse, ...args: string[]) {
  const api = await startStubApi(key);
  api.expect({ method: "GET", path: LIST, reply });
  const ran = await logIn(sample, key, "--check", "--base-url", api.url, ...args);
  await api.finish();
  return ran;
}

describe.concurrent("knock auth login", () => {
  it.for<[key: string, error: RegExp]>([
    [SECRET, /^error: an API key starts with sk_ \(secret\) or pk_ \(public\), and a .+\nhint: Copy the key/],
    [`knock_st_${SECRET}.`, /^error: a key has only letters, digits/],
    [`"sk_${SECRET}"`, /\nhint: Remove the quotes/],
    [`sk_${SECRET}.`, /^error: a key has only letters, digits/],
    ["sk_", /^error: a key has only letters/],
    [`SK_${SECRET}`, /^error: an API key starts with/],
  ])("exits 2 for %s without quoting it", async ([key, error], { empty }) => {
    for (const args of [[], ["--json"]]) {
      const { stderr, exitCode } = await logIn(empty, key, ...args);
      expect(stderr).toMatch(error);
      expect(stderr).not.toContain(SECRET);
      expect([exitCode, isStored(empty)]).toEqual([2, false]);
    }
  });

  it("--check stores a key that the API accepts, and a live key without confirmation", async ({ empty }) => {
    const { stdout, stderr, exitCode } = await check(empty, KEY, { json: EMPTY });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^✓ key accepted by the API and stored in profile "default" \(/);
    expect(isStored(empty)).toBe(true);
    expect((await check(empty, KEY, { json: EMPTY }, "--json")).json).toMatchObject({ checked: true });
    expect((await logIn(empty, KEY, "--json")).json).toMatchObject({ checked: false });
  });

  it("A-005 --check accepts a public key that the API knows but does not allow to list messages", async ({ empty }) => {
    const body = { code: "access_denied", message: "not allowed", status: 403, type: "authentication_error" };
    const { exitCode } = await check(empty, `pk_${SECRET}`, { status: 403, json: body });
    expect([exitCode, isStored(empty)]).toEqual([0, true]);
  });

  it("says that the first profile is used without --profile, if its name is not default", async ({ empty }) => {
    const logInTo = async (name: string) =>
      (await empty.knock(["auth", "login", "--with-key", "--profile", name], { input: KEY })).stdout;
    expect(await logInTo("staging")).toMatch(/commands without --profile use it$/);
    expect(await logInTo("other")).not.toContain("without --profile");
  });

  it("--check exits 4 for a key that the API does not know, and stores nothing", async ({ empty }) => {
    const body = { code: "api_key_missing", message: "Invalid key", status: 401, type: "authentication_error" };
    const { stderr, exitCode } = await check(empty, KEY, { status: 401, json: body });
    expect([exitCode, isStored(empty)]).toEqual([4, false]);
    expect(stderr).toContain("hint: Nothing was stored.");
    expect(stderr).not.toContain(SECRET);
  });

  it("--check exits 7 if the API is unreachable, and stores nothing", async ({ empty }) => {
    // A reserved port without a server.
    const { stderr, exitCode } = await logIn(empty, KEY, "--check", "--base-url", "http://127.0.0.1:1");
    expect([exitCode, isStored(empty)]).toEqual([7, false]);
    expect(stderr).toContain("Nothing was stored.");
  });
});

describe.concurrent("knock auth status", () => {
  const status = async (sample: Sample, args: string[] = [], env: Record<string, string> = {}) =>
    (await sample.knock(["auth", "status", ...args, "--json"], { env })).json;

  it("shows which key commands use, and where it comes from", async ({ collab }) => {
    expect(await status(collab)).toEqual({ key: null, service_token: null, accepted: null, items: [] });
    await collab.knock(["auth", "login", "--with-token", "--profile", "staging"], { input: `sk_test_${SECRET}` });
    await collab.knock(["auth", "login", "--with-token", "--profile", "live"], { input: KEY });
    const base_url = "https://api.knock.app";
    const shown = { api_key: "sk_…redacted", mode: "test", source: "profile", profile: "staging", base_url };
    expect((await status(collab)).key).toEqual(shown);
    expect((await status(collab, ["--profile", "live"])).key).toEqual({ ...shown, mode: "live", profile: "live" });
    const env = { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: "http://127.0.0.1:9" };
    expect((await status(collab, [], env)).key).toEqual({
      ...shown,
      mode: "live",
      source: "environment",
      profile: null,
      base_url: "http://127.0.0.1:9",
    });
    expect((await status(collab, ["--api-key", "pk_test_1"], env)).key).toMatchObject({ mode: "test", source: "flag" });
    const { stdout } = await collab.knock(["auth", "status"]);
    expect(stdout).toMatch(/^test key sk_…redacted from profile "staging" for https:\/\/api\.knock\.app\nPROFILE/);
    expect(stdout).not.toContain(SECRET);
  });

  it("shows a service token that was stored beside a key", async ({ empty }) => {
    const token = `knock_st_${SECRET}`;
    await logIn(empty, KEY);
    const { stdout } = await logIn(empty, token, "--management-url", "http://127.0.0.1:9");
    expect(stdout).toMatch(/^✓ service token stored in profile "default"/);
    const shown = { service_token: "knock_st_…redacted", management_url: "http://127.0.0.1:9" };
    expect(await status(empty)).toMatchObject({
      key: { api_key: "sk_…redacted" },
      service_token: { ...shown, source: "profile", profile: "default" },
      items: [{ ...shown, api_key: "sk_…redacted" }],
    });
    expect(await status(empty, [], { KNOCK_SERVICE_TOKEN: "knock_st_1" })).toMatchObject({
      service_token: { source: "environment", profile: null },
    });
    const outputs = [await empty.knock(["auth", "status"]), await empty.knock(["config"])];
    for (const { stdout: text } of outputs) {
      expect(text).toContain("knock_st_…redacted");
      expect(text).not.toContain(SECRET);
    }
  });

  it("--check asks the management API about a service token", async ({ empty }) => {
    const token = `knock_st_${SECRET}`;
    const api = await startStubApi(token);
    const body = { code: "authentication_error", message: "Invalid token", status: 401, type: "authentication_error" };
    api.expect(
      { method: "GET", path: "/v1/whoami", reply: { json: { account_slug: "lark" } } },
      { method: "GET", path: "/v1/whoami", reply: { status: 401, json: body } },
    );
    const args = ["--check", "--management-url", api.url];
    expect((await logIn(empty, token, ...args)).stdout).toMatch(/^✓ service token accepted by the API and stored/);
    const refused = await logIn(empty, token, ...args);
    expect(refused).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining("Nothing was stored. Check the service"),
    });
    await api.finish();
  });

  it("asks the API only with --check", async ({ collab }) => {
    const api = await startStubApi(KEY);
    const reply = {
      status: 401,
      json: { code: "api_key_missing", message: "Invalid key", type: "authentication_error" },
    };
    api.expect({ method: "GET", path: LIST, reply: { json: EMPTY } }, { method: "GET", path: LIST, reply });
    const env = { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: api.url };
    expect(await status(collab, [], env)).toMatchObject({ accepted: null });
    expect(await status(collab, ["--check"], env)).toMatchObject({ accepted: true });
    const refused = await collab.knock(["auth", "status", "--check", "--json"], { env });
    expect(refused).toMatchObject({ exitCode: 4, json: { accepted: false }, error: { code: "authentication" } });
    await api.finish();
    expect((await collab.knock(["auth", "status", "--check"])).exitCode).toBe(4);
  });
});

describe.concurrent("the profiles file", () => {
  it("keeps everything that other tools and versions wrote", async ({ empty }) => {
    const other = {
      plugins: { theme: "dark" },
      default: "staging",
      profiles: {
        staging: { api_key: "sk_test_1", note: { by: "other" } },
        nightly: { token: "x", api_key: "sk_test_2" },
      },
    };
    const file = "../home/.config/knock/profiles.json";
    empty.write(file, other);
    const official = empty.write("../home/.config/knock/config.json", "official: content");
    await logIn(empty, KEY, "--profile", "staging");
    await logIn(empty, KEY, "--profile", "new");
    await empty.knock(["config", "set", "branch", "b1", "--profile", "nightly"]);
    await empty.knock(["auth", "logout", "--profile", "new"]);
    expect(JSON.parse(empty.read(file))).toEqual({
      ...other,
      profiles: {
        staging: { api_key: KEY, note: { by: "other" } },
        nightly: { token: "x", api_key: "sk_test_2", branch: "b1" },
      },
    });
    expect(readFileSync(official, "utf8")).toBe("official: content");
    expect(statSync(empty.path(file)).mode & 0o777).toBe(0o600);
  });

  it("accepts --with-token and the former --with-key", async ({ empty }) => {
    for (const flag of ["--with-token", "--with-key"])
      expect((await empty.knock(["auth", "login", flag], { input: KEY })).exitCode).toBe(0);
    const { stdout } = await empty.knock(["auth", "login", "--help"]);
    expect(stdout).toContain("--with-token");
    expect(stdout).not.toContain("--with-key");
  });
});
