import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { getErrorCode } from "../../util/text-file.js";

function createWriteError(path: string, error: unknown): KnockError {
  const code = getErrorCode(error) ?? "";
  const reason =
    code === "ENOENT"
      ? `the folder ${dirname(path)} does not exist`
      : code.endsWith("EISDIR")
        ? `${path} is a folder`
        : getErrorMessage(error);
  return new KnockError("usage", `--ready-file: ${reason}`, {
    hint: "Give a path in an existing folder that is writable.",
    cause: error,
  });
}

/** Writes the file under a temporary name and renames it, so that a waiting process never reads an incomplete file. */
export function writeReadyFile(path: string, content: { url: string; port: number; pid: number }): void {
  const temporaryPath = `${path}.${content.pid}`;
  try {
    writeFileSync(temporaryPath, `${JSON.stringify(content)}\n`);
    renameSync(temporaryPath, path);
  } catch (error) {
    throw createWriteError(path, error);
  }
}

/** Removes the file of an earlier run, which would report that this one is ready. */
export function removeReadyFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw createWriteError(path, error);
  }
}
