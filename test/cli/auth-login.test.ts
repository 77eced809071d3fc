import { existsSync } from "node:fs";
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
    [SECRET, /^error: an API key starts with sk_ \(secret\) or pk_ \(public\)\nhint: Copy the key/],
    [`knock_st_${SECRET}`, /\nhint: This is a service token/],
    [`"sk_${SECRET}"`, /\nhint: Remove the quotes/],
    [`sk_${SECRET}.`, /^error: an API key has only letters, digits/],
    ["sk_", /^error: an API key has only letters/],
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
    const gone = await startStubApi(KEY);
    await gone.finish();
    const { stderr, exitCode } = await logIn(empty, KEY, "--check", "--base-url", gone.url);
    expect([exitCode, isStored(empty)]).toEqual([7, false]);
    expect(stderr).toContain("Nothing was stored.");
  });
});
