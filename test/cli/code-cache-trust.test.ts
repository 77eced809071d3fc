import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect } from "vitest";
import { copyCommandForOthers, makeReadableForOthers } from "../helpers/copy-command-for-others.js";
import { cliTest as it, type RunOptions, type Sample } from "../helpers/run-knock.js";

const BUNDLE = resolve(import.meta.dirname, "../../dist/main.cjs");
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;

/** Compiles code for a source of some length, and writes its cache. V8 compares only that length and its own flags. */
const COMPILE = `
  const [, filename, length, file] = process.argv;
  const evil = "(function () { process.stdout.write('planted'); process.exit(0); })";
  const script = new (require("node:vm").Script)(evil.padEnd(Number(length)), { filename });
  const compiled = script.runInThisContext();
  const { exit, stdout: { write } } = process;
  process.exit = () => {};
  process.stdout.write = () => true;
  compiled.call(null); // a cache contains the functions that have run
  Object.assign(process, { exit });
  process.stdout.write = write;
  require("node:fs").writeFileSync(file, script.createCachedData());`;

/** Compiles code that prints a text, in a process of its own, because other tests change flags of V8. */
function compilePlant(source: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "knock-plant-"));
  try {
    const file = join(folder, "plant.bin");
    execFileSync(process.execPath, ["-e", COMPILE, BUNDLE, String(source.length), file]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let prefix: string;
let planted: Buffer;
beforeAll(() => {
  const source = readFileSync(BUNDLE, "latin1");
  prefix = source.slice(2, 18);
  planted = compilePlant(source);
});

/** Writes a cache file with code that prints a text. */
function plant(base: string): { folder: string; file: string } {
  const folder = join(base, "knock-cli");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = `${prefix}-${process.version}-${process.arch}-other.bin`;
  const file = join(folder, name);
  writeFileSync(file, planted, { mode: 0o600 });
  return { folder, file };
}

/** Returns whether a command runs the planted code. */
async function isPlantRun(sample: Sample, env: Record<string, string>, options: RunOptions = {}): Promise<boolean> {
  const { stdout, exitCode } = await sample.knock(["config", "path"], { ...options, env });
  expect(exitCode).toBe(0);
  return stdout.includes("planted");
}

describe.concurrent("compiled code of another user or project", () => {
  it("is run if only the user can write it, which shows that these tests work", async ({ empty }) => {
    const base = join(empty.home, "cache");
    plant(base);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: base })).toBe(true);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: base, CI: "true" })).toBe(true);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: "", HOME: empty.home })).toBe(false);
    plant(join(empty.home, ".cache"));
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: "", HOME: empty.home })).toBe(true);
    // A relative path is ignored in favor of the default.
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: "cache", HOME: empty.home })).toBe(true);
  });

  it.for<[what: string, change: (folder: string, file: string, base: string) => void]>([
    ["a folder with mode 777", (folder) => chmodSync(folder, 0o777)],
    ["a folder that a group can write", (folder) => chmodSync(folder, 0o770)],
    ["a file with mode 666", (_folder, file) => chmodSync(file, 0o666)],
    ["a file that a group can write", (_folder, file) => chmodSync(file, 0o660)],
    ["a folder in one that everyone can write", (_folder, _file, base) => chmodSync(base, 0o777)],
    [
      "a link to a folder",
      (folder, _file, base) => {
        const { folder: target } = plant(join(base, "target"));
        rmSync(folder, { recursive: true });
        symlinkSync(target, folder);
      },
    ],
    ...(IS_ROOT
      ? ([
          ["a folder of another user", (folder) => chownSync(folder, NOBODY, NOBODY)],
          ["a file of another user", (_folder, file) => chownSync(file, NOBODY, NOBODY)],
          ["a folder in one of another user", (_folder, _file, base) => chownSync(base, NOBODY, NOBODY)],
        ] satisfies [string, (folder: string, file: string, base: string) => void][])
      : []),
  ])("is ignored in %s", { skip: process.platform === "win32" }, async ([_what, change], { empty }) => {
    const base = join(empty.home, "cache");
    const { folder, file } = plant(base);
    change(folder, file, base);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: base })).toBe(false);
  });

  it("is replaced in a private folder, and the next start uses its own", async ({ empty }) => {
    const base = join(empty.home, "cache");
    const { file } = plant(base);
    chmodSync(file, 0o666);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: base })).toBe(false);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: base })).toBe(false);
    expect(readFileSync(file).length).toBeGreaterThan(100_000);
  });

  it("is ignored in relative paths, which lead to the project", async ({ empty }) => {
    plant(empty.path("cache"));
    plant(empty.path(".cache"));
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: "cache" })).toBe(false);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: "", HOME: "." })).toBe(false);
    expect(await isPlantRun(empty, { XDG_CACHE_HOME: "./cache", HOME: "" })).toBe(false);
  });

  it("is ignored in the working folder and its repository in CI", async ({ empty }) => {
    plant(empty.path("cache"));
    plant(empty.path(".cache"));
    const [byCache, byHome] = [{ XDG_CACHE_HOME: empty.path("cache") }, { XDG_CACHE_HOME: "", HOME: empty.dir }];
    // Elsewhere, the working folder can be the home folder.
    for (const env of [byCache, { ...byCache, CI: "false" }]) expect(await isPlantRun(empty, env)).toBe(true);
    for (const env of [byCache, byHome]) expect(await isPlantRun(empty, { ...env, CI: "true" })).toBe(false);
    mkdirSync(empty.path("packages/app"), { recursive: true });
    mkdirSync(empty.path(".git"));
    symlinkSync(empty.path("cache"), join(empty.home, "linked"));
    const linked = { XDG_CACHE_HOME: join(empty.home, "linked") };
    for (const env of [byCache, byHome, linked])
      expect(await isPlantRun(empty, { ...env, CI: "1" }, { cwd: "packages/app" })).toBe(false);
  });

  it("is ignored by another user than the folder's owner", { skip: !IS_ROOT }, async ({ empty }) => {
    const others = copyCommandForOthers();
    try {
      const base = join(empty.home, "cache");
      plant(base);
      makeReadableForOthers(empty.path(".."));
      const user = { uid: NOBODY, gid: NOBODY, bin: join(others, "bin/knock.js") };
      expect(await isPlantRun(empty, { XDG_CACHE_HOME: base }, user)).toBe(false);
    } finally {
      rmSync(others, { recursive: true });
    }
  });
});
