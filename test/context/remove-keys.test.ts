import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInBrowser } from "../../src/context/open-in-browser.js";
import { removeKeys } from "../../src/context/remove-keys.js";
import { runGit } from "../../src/context/run-git.js";
import { eventually } from "../helpers/eventually.js";

const KEYS = { KNOCK_API_KEY: "sk_1", KNOCK_SERVICE_TOKEN: "knock_st_1", KNOCK_SIGNING_KEY: "pem" };

let folder: string;
let program: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-keys-"));
  program = join(folder, "git");
  writeFileSync(program, `#!/bin/sh\nenv > "${folder}/part"\nmv "${folder}/part" "${folder}/env"\n`);
  chmodSync(program, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("programs that need no key", () => {
  it("get none of the variables with keys", () => {
    expect(removeKeys({ ...KEYS, knock_api_key: "sk_2", KNOCK_BASE_URL: "http://127.0.0.1", PATH: "/bin" })).toEqual({
      KNOCK_BASE_URL: "http://127.0.0.1",
      PATH: "/bin",
    });
  });

  it("include the browser and git", async () => {
    const env = { ...KEYS, BROWSER: program, TMPDIR: folder, PATH: process.env.PATH };
    await openInBrowser("email", "<p>Hi</p>", { cwd: folder, env });
    await eventually(() => existsSync(join(folder, "env")));
    const browserEnv = readFileSync(join(folder, "env"), "utf8");
    rmSync(join(folder, "env"));
    const before = { ...process.env };
    Object.assign(process.env, KEYS, { PATH: `${folder}:${process.env.PATH}` });
    try {
      await runGit(["status"], { folder, flag: "--against", alternative: "" });
    } finally {
      for (const name of [...Object.keys(KEYS), "PATH"])
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
    }
    for (const text of [browserEnv, readFileSync(join(folder, "env"), "utf8")]) {
      expect(text).toContain("PATH=");
      for (const [name, value] of Object.entries(KEYS)) expect(text).not.toContain(`${name}=${value}`);
    }
  });
});
