import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * Creates a folder and its parents, like `mkdirSync` with `recursive`, which never returns for a path below `/proc`.
 * `mode` is that of the created ones. Throws the error of the file system.
 */
export function makeFolder(folder: string, mode = 0o777): void {
  if (isFolder(folder)) return;
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) makeFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (!isFolder(folder)) throw error; // Otherwise, another process has created it.
  }
}
