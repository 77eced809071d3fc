import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { getConfigFolder, openCredentials } from "../../src/context/credentials.js";
import { getExitCode, KnockError } from "../../src/errors/knock-error.js";

const KEY = "sk_test_0123456789abcdefghij";
const POSIX = process.platform !== "win32";
let folder: string;
let file: string;

const open = () => openCredentials({ KNOCK_CONFIG_DIR: folder }, "/");
const readMode = (of: string) => statSync(of).mode & 0o777;

beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "knock-credentials-")), "made", "by-us");
  file = path.join(folder, "profiles.json");
});
afterEach(() => rmSync(path.join(folder, "..", ".."), { recursive: true, force: true }));

function catchKnockError(run: () => unknown): KnockError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(KnockError);
    return error as KnockError;
  }
  throw new Error("nothing was thrown");
}

describe("changes of profiles", () => {
  it("keep what others change at the same time", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `p${index}`);
    await Promise.all(names.map((name) => open().writeProfile(name, { api_key: KEY })));
    expect(open().listProfiles()).toEqual(names);
    expect(readdirSync(folder)).toEqual(["profiles.json"]);
  });

  it("do not wait for a process that was killed while it changed them", async () => {
    const lock = `${file}.lock`;
    mkdirSync(lock, { recursive: true });
    const before = new Date(Date.now() - 60_000);
    utimesSync(lock, before, before);
    await open().writeProfile("p", { api_key: KEY });
    expect(open().listProfiles()).toEqual(["p"]);
    expect(existsSync(lock)).toBe(false);
  });

  it("keep the recipient guard of a deleted profile", async () => {
    const recipients = { allow: ["*@example.com"] };
    await open().writeProfile("guarded", { api_key: KEY, base_url: "https://x.test", recipients });
    expect(await open().deleteProfile("guarded")).toBe("guard_kept");
    expect(open().readProfile("guarded").profile).toEqual({ recipients });
    await open().writeProfile("guarded", { recipients: { allow: null } });
    expect(await open().deleteProfile("guarded")).toBe("deleted");
    expect(await open().deleteProfile("guarded")).toBe("missing");
  });
});

describe("CLI-004 the folder of profiles", () => {
  it.each([
    ["KNOCK_PROFILES_DIR", { KNOCK_PROFILES_DIR: "/c/mine", KNOCK_CONFIG_DIR: "/c/own", HOME: "/home/a" }, "/c/mine"],
    ["KNOCK_CONFIG_DIR", { KNOCK_CONFIG_DIR: "/c/own", XDG_CONFIG_HOME: "/c/xdg", HOME: "/home/a" }, "/c/own"],
    ["XDG_CONFIG_HOME", { XDG_CONFIG_HOME: "/c/xdg", HOME: "/home/a" }, "/c/xdg/knock"],
    ["HOME if XDG_CONFIG_HOME is relative", { XDG_CONFIG_HOME: "xdg", HOME: "/home/a" }, "/home/a/.config/knock"],
    ["HOME", { HOME: "/home/a" }, "/home/a/.config/knock"],
    ["the system's home folder", {}, path.join(userInfo().homedir, ".config", "knock")],
    ["KNOCK_CONFIG_DIR relative to the working directory", { KNOCK_CONFIG_DIR: "own", HOME: "/home/a" }, "/srv/own"],
    [
      "XDG_CONFIG_HOME if KNOCK_CONFIG_DIR is empty",
      { KNOCK_CONFIG_DIR: "", XDG_CONFIG_HOME: "", HOME: "/home/a" },
      "/home/a/.config/knock",
    ],
  ] as [string, Record<string, string>, string][])("is found by: %s", (_name, env, expected) => {
    expect(getConfigFolder(env, "/srv", "linux")).toBe(expected);
  });

  it("is not in the working directory if HOME is empty, also in the variables of the process", () => {
    vi.stubEnv("HOME", "");
    expect(getConfigFolder({ HOME: "" }, "/srv", "linux")).toBe(path.join(userInfo().homedir, ".config", "knock"));
    vi.unstubAllEnvs();
  });

  it("is in the local application data on Windows", () => {
    expect(getConfigFolder({ LOCALAPPDATA: "/appdata", HOME: "/home/a" }, "/srv", "win32")).toBe(
      path.join("/appdata", "knock"),
    );
  });

  it("keeps profiles out of config.json, which the official command line owns", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "config.json"), '{"serviceToken":"knock_st_x"}');
    await open().writeProfile("work", { api_key: KEY });
    expect(readFileSync(path.join(folder, "config.json"), "utf8")).toBe('{"serviceToken":"knock_st_x"}');
    expect(open().path).toBe(file);
  });
});

describe("profiles", () => {
  it("reads a missing folder as no profiles, and does not create it", () => {
    expect(open().readProfile("default")).toEqual({ profile: null, warning: null });
    expect(open().listProfiles()).toEqual([]);
    expect(open().readDefaultProfileName()).toBeNull();
    expect(existsSync(folder)).toBe(false);
  });

  it("reads a written profile again, also in another process", async () => {
    const profile = { api_key: KEY, base_url: "https://api.knock.app", branch: "feat-1", target: "remote" } as const;
    await open().writeProfile("work", profile);
    expect(open().readProfile("work")).toEqual({ profile, warning: null });
    expect(open().readProfile("other")).toEqual({ profile: null, warning: null });
  });

  it("keeps other values and other profiles on a change, and removes a value on null", async () => {
    const credentials = open();
    await credentials.writeProfile("work", { api_key: KEY, branch: "feat-1" });
    await credentials.writeProfile("home.x-1", { base_url: "http://127.0.0.1:8484" });
    await credentials.writeProfile("work", { base_url: "https://api.knock.app", branch: null, target: undefined });
    expect(credentials.readProfile("work").profile).toEqual({ api_key: KEY, base_url: "https://api.knock.app" });
    expect(credentials.readProfile("home.x-1").profile).toEqual({ base_url: "http://127.0.0.1:8484" });
    expect(credentials.listProfiles()).toEqual(["home.x-1", "work"]);
  });

  it("returns whether a profile was deleted, and clears a default that named it", async () => {
    const credentials = open();
    await credentials.writeProfile("work", { api_key: KEY });
    await credentials.writeProfile("home", {});
    await credentials.writeDefaultProfileName("work");
    expect(credentials.readDefaultProfileName()).toBe("work");
    expect(await credentials.deleteProfile("home")).toBe("deleted");
    expect(credentials.readDefaultProfileName()).toBe("work");
    expect(await credentials.deleteProfile("work")).toBe("deleted");
    expect(await credentials.deleteProfile("work")).toBe("missing");
    expect(credentials.readDefaultProfileName()).toBeNull();
    expect(readFileSync(file, "utf8")).not.toContain(KEY);
  });

  it("rejects a default profile that does not exist, and clears the default on null", async () => {
    const credentials = open();
    await expect(credentials.writeDefaultProfileName("work")).rejects.toMatchObject({
      code: "profile_invalid",
      hint: expect.stringContaining("--profile work"),
    });
    await credentials.writeProfile("work", {});
    await credentials.writeDefaultProfileName("work");
    await credentials.writeDefaultProfileName(null);
    expect(credentials.readDefaultProfileName()).toBeNull();
  });

  it.each(["", "a b", "../x", "__proto__", "-x", "x".repeat(65)])("rejects %j as a profile name", async (name) => {
    expect(catchKnockError(() => open().readProfile(name))).toMatchObject({ code: "usage" });
    await expect(open().writeProfile(name, {})).rejects.toMatchObject({ code: "usage" });
  });

  it("accepts `constructor` as a profile name, and reads it as missing until it is written", async () => {
    expect(open().readProfile("constructor").profile).toBeNull();
    await open().writeProfile("work", {});
    expect(open().readProfile("constructor").profile).toBeNull();
    expect(await open().deleteProfile("constructor")).toBe("missing");
    await open().writeProfile("constructor", { branch: "b" });
    expect(open().readProfile("constructor").profile).toEqual({ branch: "b" });
  });

  it("keeps unknown values that a newer version wrote", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, JSON.stringify({ theme: "dark", profiles: { work: { api_key: KEY, colour: "red" } } }));
    await open().writeProfile("work", { branch: "b" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      theme: "dark",
      profiles: { work: { api_key: KEY, colour: "red", branch: "b" } },
    });
  });
});

describe.runIf(POSIX)("permissions of the profiles", () => {
  it("are for the owner only, for the file and the folder, and no other file is left", async () => {
    await open().writeProfile("work", { api_key: KEY });
    await open().writeProfile("work", { branch: "b" });
    expect(readMode(file)).toBe(0o600);
    expect(readMode(folder)).toBe(0o700);
    expect(readdirSync(folder)).toEqual(["profiles.json"]);
  });

  it("cause a warning when others can read the file, and the next write fixes its mode", async () => {
    await open().writeProfile("work", { api_key: KEY });
    chmodSync(file, 0o644);
    const { profile, warning } = open().readProfile("work");
    expect(profile).toEqual({ api_key: KEY });
    expect(warning).toContain(`chmod 600 ${file}`);
    expect(warning).toContain("644");
    expect(warning).not.toContain(KEY);
    await open().writeProfile("work", { branch: "b" });
    expect(readMode(file)).toBe(0o600);
    expect(open().readProfile("work").warning).toBeNull();
  });
});

describe("an invalid profiles file", () => {
  it.each([
    ["broken JSON", `{"profiles":{"work":{"api_key":"${KEY}"`, undefined],
    ["nothing", "", undefined],
    ["a list", "[]", ""],
    ["invalid profiles", '{"profiles":7}', "/profiles"],
    ["an invalid default", '{"default":{},"profiles":{}}', "/default"],
    ["an invalid profile", '{"profiles":{"work":[]}}', "/profiles/work"],
    ["an invalid key", '{"profiles":{"work":{"api_key":7}}}', "/profiles/work/api_key"],
    ["an unknown target", '{"profiles":{"work":{"target":"moon"}}}', "/profiles/work/target"],
  ])("with %s is profile_invalid, and the error names the file without quoting it", (_name, text, pointer) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
    const error = catchKnockError(() => open().readProfile("work"));
    expect(error.code).toBe("profile_invalid");
    expect(getExitCode(error)).toBe(3);
    expect(error.message).toContain(file);
    expect(error.details[0]?.pointer).toBe(pointer);
    expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain("sk_test");
  });

  it("is not overwritten", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, "{");
    await expect(open().writeProfile("work", { api_key: KEY })).rejects.toMatchObject({ code: "profile_invalid" });
    expect(readFileSync(file, "utf8")).toBe("{");
  });

  it("is reported when its folder cannot be created", async () => {
    mkdirSync(path.dirname(folder), { recursive: true });
    writeFileSync(folder, "a file");
    await expect(open().writeProfile("work", { api_key: KEY })).rejects.toMatchObject({
      code: "profile_invalid",
      message: expect.stringContaining(file),
    });
  });
});
