import type { StoreLogs } from "./store-logs.js";

/** Opens, syncs, watches and closes a store. */
export interface StoreControl {
  /** Whether every write throws `store_unusable`. */
  readonly isReadOnly: boolean;
  /** Returns `store_unusable` for an error that a damaged store explains, naming table and row; other errors unchanged. Slow. */
  explainError(error: unknown): Promise<unknown>;
  /** Commits no longer wait for the disk: a crash of the machine may lose what was written since the last `syncToDisk`. */
  deferDiskSync(): Promise<void>;
  /** Returns once everything written so far is on the disk. Throws `store_unusable`. */
  syncToDisk(): Promise<void>;
  /** Another text whenever the store may have changed since, through this process or another. */
  readChangeToken(): Promise<string>;
  /** Returns the random secret of this name, 64 hex digits, created when it is first read. It survives restarts and `clear`. */
  readSecret(name: string): Promise<string>;
  /** The logs in the same place; several calls share them. */
  openLogs(): Promise<StoreLogs>;
  close(): Promise<void>;
}
