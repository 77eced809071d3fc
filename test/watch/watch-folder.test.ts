import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchFolder } from "../../src/watch/watch-folder.js";

let folder: string;
let watching: AbortController;
let changed: () => Promise<boolean>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-watch-"));
  mkdirSync(join(folder, "a", "b"), { recursive: true });
  mkdirSync(join(folder, "left", "b"), { recursive: true });
  writeFileSync(join(folder, "a", "b", "file"), "1");
  watching = new AbortController();
  changed = watchFolder(folder, (name) => name.startsWith("left"), watching.signal);
});

afterEach(() => {
  watching.abort();
  rmSync(folder, { recursive: true, force: true });
});

function replace(...path: string[]): void {
  const aside = join(folder, ...path.slice(0, -1), "aside");
  writeFileSync(aside, "2");
  renameSync(aside, join(folder, ...path));
}

describe("watchFolder", () => {
  it("reports a file that an editor replaces repeatedly", async () => {
    for (let time = 0; time < 3; time++) {
      replace("a", "b", "file");
      expect(await changed()).toBe(true);
    }
    writeFileSync(join(folder, "a", "b", "file"), "3");
    expect(await changed()).toBe(true);
  });

  it("reports files in a new folder, and in a folder that replaced another of the same name", async () => {
    mkdirSync(join(folder, "a", "new", "deep"), { recursive: true });
    expect(await changed()).toBe(true);
    writeFileSync(join(folder, "a", "new", "deep", "file"), "1");
    expect(await changed()).toBe(true);
    rmSync(join(folder, "a", "b"), { recursive: true });
    mkdirSync(join(folder, "a", "b"));
    expect(await changed()).toBe(true);
    writeFileSync(join(folder, "a", "b", "file"), "1");
    expect(await changed()).toBe(true);
  });

  it("ignores changes of ignored files, and ends the wait on abort", async () => {
    const told = changed();
    writeFileSync(join(folder, "left", "b", "file"), "1");
    writeFileSync(join(folder, "left-over"), "1");
    const first = await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 300, "nothing"))]);
    expect(first).toBe("nothing");
    watching.abort();
    expect(await told).toBe(false);
  });
});
