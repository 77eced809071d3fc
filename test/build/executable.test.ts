import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { cliTest, type Sample } from "../helpers/run-knock.js";

const executable = process.env.KNOCK_TEST_EXECUTABLE;
if (executable === undefined)
  console.warn("notice: KNOCK_TEST_EXECUTABLE is not set; tests of the executable are skipped");
const it = cliTest.skipIf(executable === undefined);

const NOTIFY = ["notify", "welcome", "-r", "ada", "--store", ":memory:"];

/** Copies the executable to a path of the sample. */
function copyExecutable(sample: Sample, path: string): string {
  const target = sample.path(path);
  mkdirSync(resolve(target, ".."), { recursive: true });
  copyFileSync(resolve(executable ?? ""), target);
  return target;
}

const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

it("the executable writes nothing except its compiled code into the cache folder", async ({ collab }) => {
  const before = listFiles(resolve(collab.dir, ".."));
  const cache = join(collab.home, ".cache");
  for (let run = 0; run < 3; run++)
    expect((await collab.knock(NOTIFY, { env: { XDG_CACHE_HOME: cache } })).exitCode).toBe(0);
  const added = listFiles(resolve(collab.dir, "..")).filter((file) => !before.includes(file));
  expect(added.filter((file) => !file.startsWith(`${cache}/knock-cli/`))).toEqual([]);
  // The name contains the build and the version of Node.js, so that another installation does not use the file.
  expect(added.map((file) => file.slice(`${cache}/knock-cli/`.length))).toEqual([
    expect.stringMatching(/^[0-9a-f]{16}-v26\.\d+\.\d+-\w+-notify\.bin$/),
  ]);
});

it("the executable runs without a home folder, and with a cache folder that it cannot write", async ({ collab }) => {
  const blocked = collab.write("blocked", "");
  const environments: Record<string, string>[] = [
    { HOME: "", XDG_CACHE_HOME: "" },
    { XDG_CACHE_HOME: "/proc" },
    { XDG_CACHE_HOME: blocked },
  ];
  for (const env of environments) {
    const { exitCode, stderr, stdout } = await collab.knock(NOTIFY, { env });
    expect([exitCode, stderr, stdout]).toEqual([0, "", expect.stringContaining("1 sandboxed")]);
  }
});

it("the executable runs from any path, and names itself in hints", async ({ collab }) => {
  const path = copyExecutable(collab, "my tools/knöck-名前");
  const run = (...words: string[]) => execFileSync(path, words, { cwd: collab.dir, encoding: "utf8" });
  expect(run("help", "exit-codes")).toContain("More: `knöck-名前 docs reference/exit-codes`");
  expect(run("docs", "reference/exit-codes")).toMatch(/^# Exit codes/);
  expect(run("docs", "exit", "codes", "--json")).toContain('"command": "knöck-名前 docs reference/exit-codes"');
  expect(run("test", "--workers", "2")).toMatch(/^\d+ passed/m);
});
