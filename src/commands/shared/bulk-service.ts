import type { JournalHeader, JournalRecord } from "../../domain/trigger/trigger-journal.js";

/** The content of an input file when a run starts. */
export interface InputFile {
  /** The number of bytes that the digest covers. */
  size: number;
  /** The number of bytes of the whole file. */
  fileSize: number;
  sha256: string;
}

/** A file to which JSON documents are appended, one per line. */
export interface DocumentFile {
  readonly path: string;
  /** Appends a document. It is written soon afterward. Throws if an earlier document could not be written. */
  append(document: object): void;
  /** Writes what was appended. Throws as `append` does. */
  flush(): void;
  /** Writes what was appended, also to the disk. Throws as `append` does. */
  close(): void;
}

/** The results of the lines of one input, in a file next to it. */
export interface Journal extends DocumentFile {
  readonly header: JournalHeader;
  /** The number of lines with each result that earlier runs have recorded. */
  readonly previous: Readonly<Record<JournalRecord["status"], number>>;
  /** The number of recipients of the lines that earlier runs have triggered. */
  readonly previousRecipients: number;
  /** Whether earlier runs have recorded lines whose recipients all or partly failed. */
  readonly previousVerdicts: ReadonlySet<NonNullable<JournalRecord["verdict"]>>;
  /** The codes of the errors that earlier runs have recorded. */
  readonly previousFailureCodes: ReadonlySet<string>;
  /** Returns the result that an earlier run has recorded for a line, or null. */
  getPreviousStatus(line: number): JournalRecord["status"] | null;
  append(record: JournalRecord): void;
  /** Makes each write wait until another file's documents are written, so that a crash loses none of them. */
  writeAfter(file: DocumentFile): void;
  /** Deletes the file. */
  delete(): void;
}

/** The files of a run over many triggers. */
export interface BulkService {
  /** Returns whether two paths lead to the same file, which may not exist yet. "-" is standard input. */
  isSameFile(first: string, second: string): boolean;
  /**
   * Returns the size and the digest of a regular file, or of its first `size` bytes; null for pipes and other files without a
   * size. Throws `usage` if the file cannot be read.
   */
  inspectInput(path: string, size?: number): Promise<InputFile | null>;
  /** Returns the first line of a journal; null if the file does not exist. Throws `journal_conflict` for another kind of file. */
  readJournalHeader(path: string): JournalHeader | null;
  /** Creates a journal. Throws `journal_failed` if it cannot be written. */
  createJournal(path: string, header: JournalHeader): Journal;
  /** Opens an existing journal to append to it, and reads its results. */
  resumeJournal(path: string): Promise<Journal>;
  /** Opens the file of `--output`, and empties it unless `isResumed` is set. Throws `report_failed`. */
  openResults(path: string, isResumed: boolean): DocumentFile;
}
