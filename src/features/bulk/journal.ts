import type { JournalHeader, JournalRecord } from "./trigger-journal.js";

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

/** A lock on a journal, so that no other run uses it at the same time. */
export interface JournalLock {
  release(): void;
}

/** The results of the lines of one input, in a file next to it. Closing or deleting it releases its lock. */
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
