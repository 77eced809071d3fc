import type { CallCounts } from "../util/call-counter.js";
import type { StoreLogs } from "./store-logs.js";

/** A copy of all data of a store, with its clock, in the memory of this process. */
export interface StoreSnapshot {
  /** Replaces the data of the store by the copy, in one transaction. */
  restore(): Promise<void>;
  /** Releases the memory. Closing the store does the same. */
  close(): void;
}

/** Listens to the writes of other processes. */
export interface ChangeListener {
  /** Whether writes are announced now. Otherwise they have to be looked for. */
  readonly isListening: boolean;
  stop(): Promise<void>;
}

/** Opens, syncs, watches and closes a store. */
export interface StoreControl {
  /** Whether every write throws `store_unusable`. */
  readonly isReadOnly: boolean;
  /**
   * Returns `store_unusable` for an error that a damaged store explains, naming table and row, and other errors
   * unchanged. Slow.
   */
  explainError(error: unknown): Promise<unknown>;
  /**
   * Commits later writes without waiting for the disk. A crash of the computer may lose those since the last
   * `syncToDisk`.
   */
  deferDiskSync(): Promise<void>;
  /** Returns once everything written so far is on the disk. Throws `store_unusable`. */
  syncToDisk(): Promise<void>;
  /** Throws `unreachable` or `store_unusable` if nothing can be written now. Takes up to two seconds. */
  checkWritable(): Promise<void>;
  /**
   * Calls `onChange` soon after a process has written, and `onText` with what another process has sent. Returns null if the store
   * announces nothing.
   */
  listenForChanges(onChange: () => void, onText?: (text: string) => void): ChangeListener | null;
  /** Sends a text to the other processes that listen. It may be lost. */
  sendToOthers(text: string): void;
  /** Returns a text that differs whenever the store may have changed, in this process or another. */
  readChangeToken(): Promise<string>;
  /**
   * Returns the random secret with this name: 64 hex digits, created when it is first read. It survives restarts and
   * `clear`.
   */
  readSecret(name: string): Promise<string>;
  /** Returns the text that `replaceText` has stored under this name, or null. */
  readText(name: string): Promise<string | null>;
  /** Stores a text unless another process has replaced `before` since it was read. Returns whether it was stored. */
  replaceText(name: string, before: string | null, after: string): Promise<boolean>;
  /** Counts a call of each key. Processes that share a database count together, in seconds of its clock. */
  countCalls(keys: readonly string[]): Promise<CallCounts>;
  /** Keeps a result for a day, for all processes that share a database. A file keeps it in the memory of the process. */
  keepResult(id: string, value: string): Promise<void>;
  readResult(id: string): Promise<string | null>;
  /** Opens the logs in the same file. Several calls share them. */
  openLogs(): Promise<StoreLogs>;
  /** Copies all data to memory. Throws `not_supported` for a database, and for a file that is too large. */
  takeSnapshot(): Promise<StoreSnapshot>;
  close(): Promise<void>;
}
