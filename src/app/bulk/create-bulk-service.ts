import { createReadStream, existsSync, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { BulkService, InputFile, Journal } from "../../commands/shared/bulk-service.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { loadCrypto } from "../../util/load-crypto.js";
import type { ProcessIO } from "../process-io.js";
import { readInterruptibly } from "../read-interruptibly.js";
import { AppendFile } from "./append-file.js";
import { dropUnrecordedResults } from "./drop-unrecorded-results.js";
import { isSameFile } from "./is-same-file.js";
import { JournalFile, lockJournal, readJournalHeader } from "./journal-file.js";

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
