import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * Creates a folder and its parents, like `mkdirSync` with `recursive`, which never returns for a path below `/proc` in Node 20.
 * Throws the error of the file system.
 */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!isFolder(folder)) throw error; // Otherwise, another process has created it.
  }
}
