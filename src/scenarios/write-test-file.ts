import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { makeFolder } from "../util/make-folder.js";
import { getErrorCode } from "../util/text-file.js";

const REASONS: Record<string, string> = {
  EISDIR: "a folder is in its place",
  EEXIST: "a file is in the place of its folder",
  ENOTDIR: "a file is in the place of one of its folders",
  EACCES: "you have no right to change it",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/**
 * Writes a file of a test, and creates its folders. `name` is what errors call the file. Throws `scenario_invalid` for a file
 * that cannot be written.
 */
export function writeTestFile(path: string, content: string, name: string): void {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, content);
  } catch (error) {
    const reason = REASONS[String(getErrorCode(error))] ?? getErrorMessage(error);
    throw new KnockError("scenario_invalid", `${name} cannot be written: ${reason}`, {
      hint: "Use another path, or make it writable.",
      cause: error,
    });
  }
}
