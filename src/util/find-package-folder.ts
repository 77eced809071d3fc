import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Returns the folder of the installed package, which contains this code at different depths as source and when built. */
export function findPackageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
