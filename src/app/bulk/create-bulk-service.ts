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
import type { BulkService, InputFile, Journal } from "../../commands/shared/bulk-service.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { loadCrypto } from "../../util/load-crypto.js";
import type { ProcessIO } from "../process-io.js";
import { readInterruptibly } from "../read-interruptibly.js";
import { AppendFile } from "./append-file.js";
import { JournalFile, lockJournal, readJournalHeader } from "./journal-file.js";
import { parseJsonLine } from "./parse-json-line.js";

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

/** Creates the files of a run over many triggers. */
export function createBulkService({ cwd, signal }: Pick<ProcessIO, "cwd" | "signal">): BulkService {
  return {
    isSameFile: (first, second) => isSameFile(first, second, cwd),
    inspectInput: (path, size) => inspectInput(path, resolve(cwd, path), signal, size),
    readJournalHeader: (path) => readJournalHeader(path, resolve(cwd, path)),
    lockJournal: (path) => lockJournal(path, resolve(cwd, path)),
    createJournal: (path, header, lock) => JournalFile.create(path, resolve(cwd, path), header, lock),
    resumeJournal: (path, lock) => JournalFile.resume(path, resolve(cwd, path), lock),
    openResults(path, journal) {
      const resolvedPath = resolve(cwd, path);
      const toError = (error: unknown): KnockError =>
        new KnockError("report_failed", `--output: ${path} cannot be written: ${getErrorMessage(error)}`, {
          hint: "Give the path of a writable file, and run the command again with --resume.",
          cause: error,
        });
      const dropped = journal === null || !existsSync(resolvedPath) ? 0 : dropResults(resolvedPath, journal, toError);
      const file = new AppendFile({ path, resolvedPath, mode: journal === null ? "empty" : "append", toError });
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
