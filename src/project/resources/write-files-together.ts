import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { makeFolder } from "../../util/make-folder.js";
import { getErrorCode } from "../../util/text-file.js";

/** The new texts of files, by path; null deletes the file. Paths are absolute. */
type FileChanges = ReadonlyMap<string, string | null>;

const JOURNAL = "pending-files.json";
const STAGING = "pending-";

/** A step of a journal: a prepared file that replaces another, or a file to delete. */
interface PendingFile {
  path: string;
  prepared: string | null;
  /** When the file was last modified; null without a file. */
  modified_at?: number | null;
}

/** Returns the path of the copy of the file that a step changes. */
const getOldPath = (staging: string, index: number): string => join(staging, `${index}.old`);

const readModifiedTime = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;

/**
 * Writes several files so that an interruption leaves either all old or, after {@link finishPendingFiles}, all new files. Texts
 * are prepared in `folder`, so that a full disk changes nothing. Throws the error of the file system, and then changes nothing.
 */
export function writeFilesTogether(changes: FileChanges, folder: string): void {
  finishPendingFiles(folder);
  if (changes.size === 0) return;
  makeFolder(folder);
  const staging = mkdtempSync(join(folder, STAGING));
  const pending: PendingFile[] = [];
  try {
    for (const [path, text] of changes) {
      const prepared = text === null ? null : join(staging, String(pending.length));
      // Not flushed, as in a checkout of Git: flushing 1,200 files takes three seconds on some disks.
      if (prepared !== null) withPath(path, () => writeFileSync(prepared, text as string));
      const modified_at = readModifiedTime(path);
      if (modified_at !== null) copyFileSync(path, getOldPath(staging, pending.length));
      pending.push({ path, prepared, modified_at });
    }
    for (const { path, prepared } of pending) if (prepared !== null) makeFolder(dirname(path));
    const journal = join(staging, JOURNAL);
    writeFileSync(journal, JSON.stringify(pending), { flush: true });
    renameSync(journal, join(folder, JOURNAL));
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  try {
    finishPendingFiles(folder);
  } catch (error) {
    restoreFiles(pending, staging);
    rmSync(join(folder, JOURNAL));
    throw error;
  } finally {
    if (!hasPendingFiles(folder)) rmSync(staging, { recursive: true, force: true });
  }
}

/** Undoes the steps of a journal that were made. */
function restoreFiles(pending: readonly PendingFile[], staging: string): void {
  for (const [index, { path, prepared }] of pending.entries()) {
    const isMade = prepared === null ? !existsSync(path) : !existsSync(prepared);
    if (!isMade) continue;
    const old = getOldPath(staging, index);
    if (existsSync(old)) moveFile(old, path);
    else rmSync(path, { force: true });
  }
}

/** Moves a file in place of another, also from another file system. An error has the path of the other. */
function moveFile(from: string, to: string): void {
  withPath(to, () => {
    try {
      renameSync(from, to);
    } catch (error) {
      if (getErrorCode(error) !== "EXDEV") throw error;
      const beside = `${to}.pending`;
      copyFileSync(from, beside);
      renameSync(beside, to);
      rmSync(from);
    }
  });
}

/** Gives the errors of file operations the path of the file that they are for. */
function withPath(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

/** Returns whether a {@link writeFilesTogether} was interrupted after its files were prepared. */
export const hasPendingFiles = (folder: string): boolean => existsSync(join(folder, JOURNAL));

/**
 * Finishes an interrupted {@link writeFilesTogether}. Files that were edited since stay as they are. Returns whether there was one.
 */
export function finishPendingFiles(folder: string): boolean {
  if (!hasPendingFiles(folder)) return false;
  const journal = join(folder, JOURNAL);
  const pending = JSON.parse(readFileSync(journal, "utf8")) as PendingFile[];
  for (const { path, prepared, modified_at } of pending) {
    const isEdited = modified_at !== undefined && readModifiedTime(path) !== modified_at;
    if (prepared === null) {
      if (!isEdited) rmSync(path, { force: true });
    } else if (existsSync(prepared) && !isEdited) {
      makeFolder(dirname(path));
      moveFile(prepared, path);
    }
  }
  rmSync(journal);
  // The folders of prepared files, which an interrupted process could not delete.
  for (const staging of new Set(pending.flatMap(({ prepared }) => (prepared === null ? [] : [dirname(prepared)]))))
    if (staging.startsWith(join(folder, STAGING))) rmSync(staging, { recursive: true, force: true });
  return true;
}

/**
 * Finishes an interrupted {@link writeFilesTogether} before a command uses the files. Throws `store_unusable` if a file cannot be
 * written or the journal is damaged.
 */
export function recoverPendingFiles(folder: string, displayPath: (path: string) => string): boolean {
  try {
    return finishPendingFiles(folder);
  } catch (error) {
    const journal = join(folder, JOURNAL);
    const path = error instanceof Error && "path" in error ? String(error.path) : journal;
    throw new KnockError(
      "store_unusable",
      `${displayPath(path)}: an interrupted change of files cannot be finished: ${getErrorMessage(error)}`,
      {
        cause: error,
        hint: `Fix the cause and run the command again, or delete ${displayPath(journal)} to keep the files as they are.`,
      },
    );
  }
}
