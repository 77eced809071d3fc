import { createReadStream, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { BulkService, InputFile } from "../../commands/shared/bulk-service.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { loadCrypto } from "../../util/load-crypto.js";
import type { ProcessIO } from "../process-io.js";
import { readInterruptibly } from "../read-interruptibly.js";
import { AppendFile } from "./append-file.js";
import { isSameFile } from "./is-same-file.js";
import { JournalFile, readJournalHeader } from "./journal-file.js";

/** Creates the files of a run over many triggers. */
export function createBulkService({ cwd, signal }: Pick<ProcessIO, "cwd" | "signal">): BulkService {
  return {
    isSameFile: (first, second) => isSameFile(first, second, cwd),
    inspectInput: (path, size) => inspectInput(path, resolve(cwd, path), signal, size),
    readJournalHeader: (path) => readJournalHeader(path, resolve(cwd, path)),
    createJournal: (path, header) => JournalFile.create(path, resolve(cwd, path), header),
    async resumeJournal(path) {
      const header = readJournalHeader(path, resolve(cwd, path));
      if (header === null) throw new Error("the journal was deleted while it was opened");
      return JournalFile.resume(path, resolve(cwd, path), header);
    },
    openResults: (path, isResumed) =>
      new AppendFile({
        path,
        resolvedPath: resolve(cwd, path),
        mode: isResumed ? "append" : "empty",
        toError: (error) =>
          new KnockError("report_failed", `--output: ${path} cannot be written: ${getErrorMessage(error)}`, {
            hint: "Give the path of a writable file, and run the command again with --resume.",
            cause: error,
          }),
      }),
  };
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
