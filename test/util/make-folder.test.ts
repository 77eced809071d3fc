import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "../../src/util/make-folder.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "knock-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("creates a folder with its parents, and keeps an existing one", () => {
  const folder = join(root, "a", "b", "c");
  makeFolder(folder);
  writeFileSync(join(folder, "file"), "");
  makeFolder(folder);
  expect(statSync(join(folder, "file")).isFile()).toBe(true);
});

it("throws for a file in the place of the folder or of a parent", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file"))).toThrow(/EEXIST/);
  expect(() => makeFolder(join(root, "file", "a", "b"))).toThrow(/ENOTDIR|EEXIST/);
});

it.runIf(existsSync("/proc/self"))("throws below a folder of the kernel", () => {
  expect(() => makeFolder("/proc/knock/reports")).toThrow(/ENOENT/);
});
