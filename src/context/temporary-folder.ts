import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";

function createTemporaryFileError(parent: string, error: unknown): KnockError {
  return new KnockError(
    "usage",
    `the folder for temporary files, ${parent}, cannot be used: ${getErrorMessage(error)}`,
    {
      hint: "Set TMPDIR to a folder with free space that you can write to.",
      cause: error,
    },
  );
}

/**
 * Creates a folder whose name begins with `prefix`, and fills it. If that fails, the folder is removed. Throws `usage` for an
 * error of the file system.
 */
export async function createTemporaryFolder(
  prefix: string,
  fill: (folder: string) => void | Promise<void>,
  parent = tmpdir(),
): Promise<string> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(parent, prefix));
    await fill(folder);
    return folder;
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : createTemporaryFileError(parent, error);
  }
}
