import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { getProcessIdentity, hasEnded } from "../../util/process-identity.js";
import { getErrorCode } from "../../util/text-file.js";
import { AppendFile } from "./append-file.js";
import type { Journal, JournalLock } from "./journal.js";
import { parseJsonLine } from "./parse-json-line.js";
import { type JournalHeader, type JournalRecord, journalHeaderSchema, journalRecordSchema } from "./trigger-journal.js";

/** Returns the process that holds a lock; "" if it released the lock in the meantime. */
function readHolder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * Locks a file for this process, with a file next to it that contains the identity of the process. The lock of a process that was
 * killed is replaced. Returns null if another process holds the lock, and throws the error of a folder that cannot be written.
 */
function lockFile(path: string): JournalLock | null {
  const identity = getProcessIdentity();
  // Other processes could not tell later that this one has ended.
  if (identity === undefined) return { release() {} };
  const file = `${path}.lock`;
  for (let isRetry = false; ; isRetry = true) {
    try {
      writeFileSync(file, identity, { flag: "wx", mode: 0o600 });
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if (getErrorCode(error) !== "EEXIST") throw error;
      if (isRetry || !hasEnded(readHolder(file))) return null;
      rmSync(file, { force: true });
    }
  }
}

const MAX_HEADER_BYTES = 65_536;
const STATUSES = [null, "triggered", "failed"] as const;

/** The status of each line, one byte per line, so that a million lines fit into a megabyte. */
class LineStatuses {
  private codes = new Uint8Array(1_024);

  get(line: number): JournalRecord["status"] | null {
    return STATUSES[this.codes[line] ?? 0] ?? null;
  }

  set(line: number, status: JournalRecord["status"]): void {
    if (line >= this.codes.length) {
      const grown = new Uint8Array(Math.max(line + 1, this.codes.length * 2));
      grown.set(this.codes);
      this.codes = grown;
    }
    this.codes[line] = STATUSES.indexOf(status);
  }
}

function toJournalError(path: string, error: unknown): KnockError {
  const code = getErrorCode(error);
  const exists = code === "EEXIST";
  return new KnockError("journal_failed", `the journal ${path} cannot be written: ${getErrorMessage(error)}`, {
    hint: exists
      ? "Another program has created it in the meantime. Run the command again with --resume."
      : "Free disk space, or use --journal to name a writable file. Lines that were triggered without a record are not triggered again within 24 hours.",
    cause: error,
  });
}

function toConflict(path: string, problem: string): KnockError {
  return new KnockError("journal_conflict", `${path} ${problem}`, {
    hint: "Use --journal to name another file. Delete this file only if you do not need it.",
  });
}

/** Locks a journal for this run. Throws `journal_conflict` if another run uses it, and `journal_failed`. */
export function lockJournal(path: string, resolvedPath: string): JournalLock {
  // A device such as /dev/null has no content that two runs could mix.
  if (existsSync(resolvedPath) && !statSync(resolvedPath).isFile()) return { release() {} };
  let lock: JournalLock | null;
  try {
    lock = lockFile(resolvedPath);
  } catch (error) {
    throw toJournalError(path, error);
  }
  if (lock !== null) return lock;
  throw new KnockError("journal_conflict", `${path} is used by another run`, {
    hint: `Wait until that run has ended, or use --journal to name another file. If it ran on another machine and has ended, delete ${path}.lock.`,
  });
}

/** Returns the first line of a journal; null if the file does not exist. Throws `journal_conflict` for another file. */
export function readJournalHeader(path: string, resolvedPath: string): JournalHeader | null {
  let text: string;
  try {
    if (!statSync(resolvedPath).isFile()) return null;
    const descriptor = openSync(resolvedPath, "r");
    const bytes = Buffer.alloc(MAX_HEADER_BYTES);
    text = bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
    closeSync(descriptor);
  } catch (error) {
    if (getErrorCode(error) === "ENOENT") return null;
    throw toJournalError(path, error);
  }
  // A crash between the creation of the file and its first line leaves it empty.
  if (text === "") return null;
  const [header = ""] = text.split("\n", 1);
  const parsed = journalHeaderSchema().safeParse(parseJsonLine(header));
  if (!parsed.success) throw toConflict(path, "is not a journal of this version of knock");
  return parsed.data;
}

export class JournalFile extends AppendFile implements Journal {
  readonly previous = { triggered: 0, failed: 0 };
  readonly previousVerdicts = new Set<NonNullable<JournalRecord["verdict"]>>();
  previousRecipients = 0;
  readonly previousFailureCodes = new Set<string>();
  private readonly statuses = new LineStatuses();

  private constructor(
    path: string,
    resolvedPath: string,
    readonly header: JournalHeader,
    mode: "new" | "empty" | "append",
    private readonly lock: JournalLock,
  ) {
    super({ path, resolvedPath, mode, toError: (error) => toJournalError(path, error) });
  }

  static create(path: string, resolvedPath: string, header: JournalHeader, lock: JournalLock): JournalFile {
    // A device such as /dev/null exists and has no content, and so does a file that a crash has left.
    const mode = statSync(resolvedPath, { throwIfNoEntry: false })?.size === 0 ? "empty" : "new";
    const journal = new JournalFile(path, resolvedPath, header, mode, lock);
    journal.appendHeader();
    return journal;
  }

  /** Opens an existing journal with its results. A last line that a crash has cut is dropped. */
  static async resume(path: string, resolvedPath: string, lock: JournalLock): Promise<JournalFile> {
    const header = readJournalHeader(path, resolvedPath);
    if (header === null) throw toConflict(path, "was deleted while it was opened");
    const journal = new JournalFile(path, resolvedPath, header, "append", lock);
    const { createInterface } = await import("node:readline");
    const lines = createInterface({ input: createReadStream(resolvedPath), crlfDelay: Number.POSITIVE_INFINITY });
    let number = 0;
    for await (const line of lines) {
      number++;
      if (number > 1) journal.addPrevious(line, number);
    }
    return journal;
  }

  getPreviousStatus(line: number): JournalRecord["status"] | null {
    return this.statuses.get(line);
  }

  override close(): void {
    try {
      super.close();
    } finally {
      this.lock.release();
    }
  }

  override delete(): void {
    super.delete();
    this.lock.release();
  }

  private appendHeader(): void {
    super.append(this.header);
    this.flush();
  }

  private addPrevious(text: string, number: number): void {
    const parsed = journalRecordSchema().safeParse(parseJsonLine(text));
    if (!parsed.success) throw toConflict(this.path, `is damaged: line ${number} is not a record`);
    const { line, status, verdict, code, recipients } = parsed.data;
    const before = this.statuses.get(line);
    if (before !== null) this.previous[before]--;
    this.previous[status]++;
    if (status === "triggered" && before !== "triggered") this.previousRecipients += recipients ?? 0;
    this.statuses.set(line, status);
    if (code !== undefined) this.previousFailureCodes.add(code);
    if (verdict !== undefined) this.previousVerdicts.add(verdict);
  }
}
