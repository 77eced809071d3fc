import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
/** The files of the published package that commands read. */
const INSTALLED_PATHS = ["bin", "dist", "package.json"];

/**
 * Copies the built command to a folder that every user may read, and returns the folder. The checkout itself may be
 * private to its owner. The caller removes the folder.
 */
export function copyCommandForOthers(): string {
  const folder = mkdtempSync(join(tmpdir(), "knock-public-"));
  for (const path of INSTALLED_PATHS) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  makeReadableForOthers(folder);
  return folder;
}

/** Lets every user read a folder, whatever the umask of the tests is. */
export function makeReadableForOthers(folder: string): void {
  execFileSync("chmod", ["-R", "a+rX", folder]);
}
