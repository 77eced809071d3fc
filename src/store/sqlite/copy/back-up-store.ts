import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { KnockError } from "../../../errors/knock-error.js";
import { copyPages, type Database, openDatabase } from "../connection/driver.js";
import { inspectStoreFile } from "../connection/inspect-store-file.js";
import { isDamage, translateError } from "../connection/store-errors.js";
import { openSqliteStore } from "../open-sqlite-store.js";

/** The pages that are copied at once. */
const PAGES_PER_STEP = 100;
/** The pause between two syncs of the copy, in milliseconds. */
const SYNC_PAUSE_MS = 5;

interface BackupTarget {
  /** An empty file that is filled. */
  path: string;
  /** Called after each step with the share of pages that are copied, from 0 to 1. */
  onProgress(share: number): void;
  signal: AbortSignal;
}

/**
 * Syncs a file again and again while a promise is pending. With gigabytes that are not on the disk yet, a commit of another process
 * would wait for all of them.
 */
async function syncWhile(path: string, pending: Promise<unknown>): Promise<void> {
  let isDone = false;
  const finish = (): void => {
    isDone = true;
  };
  pending.then(finish, finish);
  const file = await open(path, "r+");
  try {
    while (!isDone) {
      await file.datasync();
      await new Promise((resolve) => setTimeout(resolve, SYNC_PAUSE_MS));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Copies a database. An interruption ends the copy with its next step, or with the last one, depending on the driver. */
async function copyTo(database: Database, { path, onProgress, signal }: BackupTarget): Promise<void> {
  const createInterruption = (): KnockError =>
    new KnockError("interrupted", "interrupted while saving the snapshot", { hint: "Nothing was changed." });
  const copying = copyPages(database, path, {
    rate: PAGES_PER_STEP,
    progress({ totalPages, remainingPages }) {
      if (signal.aborted) throw createInterruption();
      onProgress(1 - remainingPages / totalPages);
    },
  });
  const [copied, synced] = await Promise.allSettled([copying, syncWhile(path, copying)]);
  if (signal.aborted) throw createInterruption();
  for (const part of [copied, synced]) if (part.status === "rejected") throw part.reason;
}

/** Returns the address of a store: of a file that cannot be written, as it is now. */
function getAddress(location: string): string {
  const isReadOnly = inspectStoreFile(location) === "readable" && !existsSync(`${location}-wal`);
  return isReadOnly ? `${pathToFileURL(location).href}?immutable=1` : location;
}

/**
 * Copies a store to a file while other processes use it, and returns once the copy is on the disk. All pages are read in one read
 * transaction: the copy shows one moment, and other processes can write all the time. Throws `interrupted`, `store_unusable`
 * for the store, and other errors for the file.
 */
export async function backUpStore(location: string, target: BackupTarget): Promise<void> {
  // Updates the tables of an older store, as every command does.
  await (await openSqliteStore(location)).close();
  const database = await openDatabase(getAddress(location), { readOnly: false });
  try {
    database.exec("BEGIN; SELECT 1 FROM sqlite_schema");
    await copyTo(database, target);
    // The log could not be moved into the file during the copy. Otherwise, the next commit of a writer would move all of it.
    database.exec("COMMIT; PRAGMA wal_checkpoint(PASSIVE)");
  } catch (error) {
    throw isDamage(error) ? translateError(error, location) : error;
  } finally {
    database.close();
  }
}
