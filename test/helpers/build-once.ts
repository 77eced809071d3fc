import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startCleanUp } from "./clean-up-run.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder that exists for the whole test run. */
    sharedFolder: string;
    /** The folder in which compiled code is kept between test runs. */
    cacheFolder: string;
  }
}

/** A folder that Linux keeps in memory: tests that write thousands of small files take a third less time there. */
const MEMORY_FOLDER = "/dev/shm";
const MIN_FREE_BYTES = 2 ** 30;

/** Creates a folder in memory for all files of the tests. Returns null if memory is low or programs cannot be executed there, as in containers. */
function createFolderInMemory(): string | null {
  let folder: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    if (bavail * bsize < MIN_FREE_BYTES) return null;
    folder = mkdtempSync(join(MEMORY_FOLDER, "knock-tests-"));
    chmodSync(folder, 0o711); // some tests run the command as another user
    const program = join(folder, "program");
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    execFileSync(program);
    return folder;
  } catch {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    return null;
  }
}

/** The files and folders that a build reads. npm writes the last one when it installs packages. */
const BUILD_INPUTS = ["src", "scripts", "package.json", "node_modules/.package-lock.json"];

/** Returns the time of the last change of a file, or of a folder and everything in it. */
function getLastChange(path: string): number {
  const paths = statSync(path).isDirectory()
    ? [path, ...readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name))]
    : [path];
  return Math.max(...paths.map((each) => statSync(each).mtimeMs));
}

/** Whether the build is newer than its inputs, as after `npm ci`, which builds the command. */
function isBuilt(): boolean {
  const built = statSync("dist/main.cjs", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return BUILD_INPUTS.every((path) => getLastChange(path) < built);
}

/** Builds the command before any test unless it is up to date, and provides folders that are removed when the run ends. */
export default function setup(project: TestProject): () => Promise<void> {
  if (!isBuilt()) execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
  project.provide("cacheFolder", join(tmpdir(), `knock-test-cache-${process.getuid?.() ?? 0}`));
  const folder = createFolderInMemory() ?? mkdtempSync(join(tmpdir(), "knock-tests-"));
  const cleanUp = startCleanUp(folder);
  // Worker processes inherit this variable.
  process.env.TMPDIR = folder;
  project.provide("sharedFolder", mkdtempSync(join(folder, "knock-shared-")));
  return cleanUp;
}
