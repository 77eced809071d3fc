import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../util/make-folder.js";

/**
 * Writes a file under a temporary name and renames it, so that no reader finds an incomplete file. Creates its folder.
 * Without a `mode`, an existing file keeps its own. Links are followed; devices and pipes are written directly. Throws the error of the
 * file system.
 */
export function writeFileAtomically(path: string, text: string, mode?: number): void {
  makeFolder(dirname(path));
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) return writeFileSync(path, text);
  const target = stats === undefined ? path : realpathSync(path);
  const temporaryPath = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporaryPath, text, mode === undefined ? {} : { mode });
    if (stats !== undefined && mode === undefined) chmodSync(temporaryPath, stats.mode);
    renameSync(temporaryPath, target);
  } catch (error) {
    rmSync(temporaryPath, { force: true });
    throw error;
  }
}
