import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** A slow network must not end an installation. */
const TIMEOUT_MS = 300_000;

/**
 * Installs the packages of a folder with its own lockfile, unless they are there. Such folders hold tools that few contributors
 * need, so that the project's own installation stays small.
 */
export async function installTools(folder) {
  const installed = join(folder, "node_modules/.package-lock.json");
  const isCurrent =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, "package-lock.json")).mtimeMs;
  if (isCurrent) return;
  console.error(`installing the packages of ${folder}`);
  await execa("npm", ["ci"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"], timeout: TIMEOUT_MS });
}
