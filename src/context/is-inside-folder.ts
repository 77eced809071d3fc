import { lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, relative, sep } from "node:path";

/** Returns whether a file, folder or link exists. A path below a file does not. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Returns whether a path is below a folder once symbolic links are followed. The path does not need to exist. A link without
 * a target is outside, because writing to it would create its target.
 */
export function isInsideFolder(folder: string, path: string): boolean {
  let existing = path;
  while (!exists(existing)) existing = dirname(existing);
  try {
    const inside = relative(realpathSync(folder), realpathSync(existing));
    const isExistingInside = inside.split(sep)[0] !== ".." && !isAbsolute(inside);
    return isExistingInside && !relative(folder, path).startsWith("..");
  } catch {
    return false;
  }
}
