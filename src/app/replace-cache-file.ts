import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a file in the user's cache folder, so that other processes never read an incomplete one. Only the user can read it.
 * Returns false if it cannot be written.
 */
export function replaceCacheFile(file: string, content: string | Buffer): boolean {
  const temporaryPath = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporaryPath, content, { mode: 0o600 });
    renameSync(temporaryPath, file);
    return true;
  } catch {
    deleteIfPossible(temporaryPath);
    return false;
  }
}

function deleteIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {}
}
