import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import { getErrorCode } from "../util/text-file.js";

type DisplayPath = (path: string) => string;

/** Returns the entries of a folder, none if it does not exist. Throws `project_invalid` if it cannot be read (F-004). */
function readFolder(folder: string, displayPath: DisplayPath): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const code = getErrorCode(error);
    if (code === "ENOENT") return [];
    const reason = code === "ENOTDIR" ? "is not a folder" : `could not be read (${code ?? "unknown error"})`;
    throw new KnockError("project_invalid", `${displayPath(folder)} ${reason}`);
  }
}

/** Returns the names in a folder, none if it does not exist. Throws `project_invalid` if it cannot be read. */
export const listFolder = (folder: string, displayPath: DisplayPath): string[] =>
  readFolder(folder, displayPath).map(({ name }) => name);

/** Folders that never contain a project's own files. */
const SKIPPED_FOLDERS = new Set(["node_modules", ".git", ".knock-local"]);

/** Returns the files in a folder and below it, in order. Throws `project_invalid` for a folder that cannot be read. */
export function listFilesBelow(folder: string, displayPath: DisplayPath): string[] {
  return readFolder(folder, displayPath)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listFilesBelow(path, displayPath);
      return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
    });
}

/** Returns the sorted names of the folders in a folder, none if it does not exist or cannot be read. */
export function listFolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch {
    return [];
  }
}
