import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ProcessIO } from "../../context/process-io.js";
import { readInterruptibly } from "../../context/read-interruptibly.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { loadCrypto } from "../../util/load-crypto.js";
import { AppendFile } from "./append-file.js";
import type { DocumentFile, InputFile, Journal, JournalLock } from "./journal.js";
import { JournalFile, lockJournal, readJournalHeader } from "./journal-file.js";
import { parseJsonLine } from "./parse-json-line.js";
import type { JournalHeader } from "./trigger-journal.js";

/** Paths with more links than this are compared as they are, because their links may form a circle. */
const MAX_LINKS = 40;

/**
 * Returns whether two paths lead to the same regular file: also through symbolic and hard links, and if neither exists
 * yet. "-" is the file that standard input is read from. Terminals and pipes can be read and written at the same time.
 */
function isSameFile(first: string, second: string, cwd: string): boolean {
  const [firstStats, secondStats] = [readStats(first, cwd), readStats(second, cwd)];
  if (firstStats !== null && secondStats !== null)
    return firstStats.isFile() && firstStats.dev === secondStats.dev && firstStats.ino === secondStats.ino;
  if (firstStats !== null || secondStats !== null) return false;
  return resolveLinks(resolve(cwd, first)) === resolveLinks(resolve(cwd, second));
}

/** Returns null for a file that does not exist. */
function readStats(path: string, cwd: string): Stats | null {
  try {
    return path === "-" ? fstatSync(0) : statSync(resolve(cwd, path));
  } catch {
    return null;
  }
}

/** Returns the path at which a file that does not exist would be created. */
function resolveLinks(path: string, links = 0): string {
  try {
    const target = readlinkSync(path);
    if (links < MAX_LINKS) return resolveLinks(resolve(dirname(path), target), links + 1);
  } catch {
    // It is not a link.
  }
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path; // Opening the file reports that its folder does not exist.
  }
}

const FIRST_WINDOW_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Returns whether the journal has the result that a line of the file contains. */
type IsRecorded = (line: number, isError: boolean) => boolean;

function isUnrecorded(text: string, isRecorded: IsRecorded): boolean {
  const document = parseJsonLine(text);
  // An incomplete line is that of a crash or a full disk. Other lines are not results, and stay.
  if (document === undefined) return true;
  return isJsonObject(document) && typeof document.line === "number" && !isRecorded(document.line, "error" in document);
}

/**
 * Removes the results at the end of a file that the journal does not record, because their lines are triggered again. Results are
 * written before their record, and a crash or a full disk can come between. Returns the number of removed results.
 */
function dropUnrecordedResults(path: string, isRecorded: IsRecorded): number {
  const descriptor = openSync(path, "r+");
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return 0;
    let end = stats.size;
    let count = 0;
    for (let window = FIRST_WINDOW_BYTES, isFound = false; end > 0 && !isFound; window *= 2) {
      const start = Math.max(0, end - window);
      const chunk = Buffer.alloc(end - start);
      readSync(descriptor, chunk, 0, chunk.length, start);
      while (end > start) {
        const length = end - start;
        // The last byte is the line break of the last line, unless that line is incomplete.
        const newline = length < 2 ? -1 : chunk.lastIndexOf(NEWLINE, length - 2);
        if (newline === -1 && start > 0) break; // The line begins before the chunk.
        isFound = !isUnrecorded(chunk.toString("utf8", newline + 1, length), isRecorded);
        if (isFound) break;
        end = start + newline + 1;
        count++;
      }
    }
    if (end < stats.size) ftruncateSync(descriptor, end);
    return count;
  } finally {
    closeSync(descriptor);
  }
}

/** The files of a run over many triggers. */
export type BulkFiles = ReturnType<typeof createBulkFiles>;

/** Creates the functions that read and write the files of a run over many triggers. */
export function createBulkFiles({ cwd, signal }: Pick<ProcessIO, "cwd" | "signal">) {
  return {
    /** Returns whether two paths lead to the same file, which may not exist yet. "-" is standard input. */
    isSameFile: (first: string, second: string): boolean => isSameFile(first, second, cwd),
    /**
     * Returns the size and the digest of a regular file, or of its first `size` bytes; null for pipes and other files without a
     * size. Throws `usage` if the file cannot be read.
     */
    inspectInput: (path: string, size?: number): Promise<InputFile | null> =>
      inspectInput(path, resolve(cwd, path), signal, size),
    /** Returns the first line of a journal; null if the file does not exist. Throws `journal_conflict` for another kind of file. */
    readJournalHeader: (path: string): JournalHeader | null => readJournalHeader(path, resolve(cwd, path)),
    /** Locks a journal, which may not exist yet. Throws `journal_conflict` if another run uses it, and `journal_failed`. */
    lockJournal: (path: string): JournalLock => lockJournal(path, resolve(cwd, path)),
    /** Creates a journal. Throws `journal_failed` if it cannot be written. */
    createJournal: (path: string, header: JournalHeader, lock: JournalLock): Journal =>
      JournalFile.create(path, resolve(cwd, path), header, lock),
    /** Opens an existing journal to append to it, and reads its results. */
    resumeJournal: (path: string, lock: JournalLock): Promise<Journal> =>
      JournalFile.resume(path, resolve(cwd, path), lock),
    /**
     * Opens the file of `--output`, and empties it unless a journal is resumed. Then `dropped` is the number of results at its end that
     * the journal does not record and that were removed. Throws `report_failed`.
     */
    openResults(path: string, resumed: Journal | null): { file: DocumentFile; dropped: number } {
      const resolvedPath = resolve(cwd, path);
      const toError = (error: unknown): KnockError =>
        new KnockError("report_failed", `--output: ${path} cannot be written: ${getErrorMessage(error)}`, {
          hint: "Give the path of a writable file, and run the command again with --resume.",
          cause: error,
        });
      const dropped = resumed === null || !existsSync(resolvedPath) ? 0 : dropResults(resolvedPath, resumed, toError);
      const file = new AppendFile({ path, resolvedPath, mode: resumed === null ? "empty" : "append", toError });
      return { file, dropped };
    },
  };
}

function dropResults(resolvedPath: string, journal: Journal, toError: (error: unknown) => KnockError): number {
  try {
    return dropUnrecordedResults(resolvedPath, (line, isError) => {
      const status = journal.getPreviousStatus(line);
      return isError ? status !== null : status === "triggered";
    });
  } catch (error) {
    throw toError(error);
  }
}

async function inspectInput(
  path: string,
  resolvedPath: string,
  signal: AbortSignal,
  requestedSize?: number,
): Promise<InputFile | null> {
  let stat: Stats;
  try {
    stat = statSync(resolvedPath);
  } catch {
    return null; // Reading the file reports the error.
  }
  if (!stat.isFile()) return null;
  const size = Math.min(requestedSize ?? stat.size, stat.size);
  const hash = loadCrypto().createHash("sha256");
  if (size > 0)
    for await (const chunk of readInterruptibly(createReadStream(resolvedPath, { end: size - 1 }), path, signal))
      hash.update(chunk);
  return { size, fileSize: stat.size, sha256: hash.digest("hex") };
}
