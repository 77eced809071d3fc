import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a file in the user's cache folder, so that other processes never read an incomplete one. Only the user can read it.
 * Returns false if it cannot be written.
 */
export function replaceCacheFile(file: string, content: string | Buffer): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporaryPath = `${file}.${process.pid}`;
    writeFileSync(temporaryPath, content, { mode: 0o600 });
    renameSync(temporaryPath, file);
    return true;
  } catch {
    return false;
  }
}
