import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../../util/make-folder.js";

/** The new texts of files, by path; null deletes the file. Paths are absolute. */
type FileChanges = ReadonlyMap<string, string | null>;

const JOURNAL = "pending-files.json";

/** A step of a journal: a prepared file that replaces another, or a file to delete. */
interface PendingFile {
  path: string;
  prepared: string | null;
}

/**
 * Writes several files so that an interruption leaves either all old or, after {@link finishPendingFiles}, all new files. Texts
 * are prepared in `folder`, on the same file system, so that a full disk changes nothing. Throws the error of the file system.
 */
export function writeFilesTogether(changes: FileChanges, folder: string): void {
  finishPendingFiles(folder);
  if (changes.size === 0) return;
  makeFolder(folder);
  const staging = mkdtempSync(join(folder, "pending-"));
  try {
    const pending: PendingFile[] = [];
    for (const [path, text] of changes) {
      const prepared = text === null ? null : join(staging, String(pending.length));
      if (prepared !== null) prepareFile(prepared, text as string, path);
      pending.push({ path, prepared });
    }
    for (const { path, prepared } of pending) if (prepared !== null) makeFolder(dirname(path));
    const journal = join(staging, JOURNAL);
    writeFileSync(journal, JSON.stringify(pending), { flush: true });
    renameSync(journal, join(folder, JOURNAL));
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  finishPendingFiles(folder);
  rmSync(staging, { recursive: true, force: true });
}

/** Writes a prepared file. The error of a full disk has the path of the file that it is for. */
function prepareFile(prepared: string, text: string, path: string): void {
  try {
    writeFileSync(prepared, text, { flush: true });
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

/** Finishes an interrupted {@link writeFilesTogether}. Returns whether there was one. */
export function finishPendingFiles(folder: string): boolean {
  const journal = join(folder, JOURNAL);
  if (!existsSync(journal)) return false;
  const pending = JSON.parse(readFileSync(journal, "utf8")) as PendingFile[];
  for (const { path, prepared } of pending) {
    if (prepared === null) rmSync(path, { force: true });
    else if (existsSync(prepared)) renameSync(prepared, path);
  }
  rmSync(journal);
  return true;
}
