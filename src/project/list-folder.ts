import { readdirSync } from "node:fs";
import { KnockError } from "../errors/knock-error.js";

/** Returns the names in a folder, none if it does not exist. Throws `project_invalid` if it cannot be read (F-004). */
export function listFolder(folder: string, displayPath: (path: string) => string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const reason = code === "ENOTDIR" ? "is not a folder" : `could not be read (${code ?? "unknown error"})`;
    throw new KnockError("project_invalid", `${displayPath(folder)} ${reason}`);
  }
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
