import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import { getResultCode } from "./driver.js";

const OTHER_STORE_HINT = "Use another store with --store, or move the file away.";

export function createUnusableError(message: string, hint: string, cause?: unknown): KnockError {
  return new KnockError("store_unusable", message, { hint, cause });
}

export function createIsFolderError(location: string): KnockError {
  return createUnusableError(
    `the store ${location} is a folder, not a file`,
    `Give the path of a file in it: --store ${location}/knock.db`,
  );
}

export function createNotDatabaseError(location: string, cause?: unknown): KnockError {
  return createUnusableError(`${location} is not a store: it is not an SQLite database`, OTHER_STORE_HINT, cause);
}

export function createForeignDatabaseError(location: string): KnockError {
  return createUnusableError(`${location} is the database of another program`, OTHER_STORE_HINT);
}

export function createTooNewError(location: string, found: number, known: number): KnockError {
  return createUnusableError(
    `the store ${location} was written by a newer knock (version ${found}; this one reads up to ${known})`,
    "Update knock, or use another store with --store.",
  );
}

export function createUnreleasedError(location: string, found: number): KnockError {
  return createUnusableError(
    `the store ${location} was written by a development version of knock (version ${found})`,
    "Delete the file, and the next command creates a new one. Or use another store with --store.",
  );
}

export function createReadOnlyError(location: string, cause: unknown): KnockError {
  return createUnusableError(
    `the store ${location} cannot be written`,
    "Make the file and its folder writable, or use another store with --store.",
    cause,
  );
}

export function createTooOldError(location: string, found: number, known: number): KnockError {
  return createUnusableError(
    `the store ${location} is read-only and was written by an older knock (version ${found}; this one reads version ${known})`,
    "Make the file and its folder writable once, so that the store can be updated.",
  );
}

/** Returns the error for an open file that was deleted or replaced: whatever is written to it is lost when it is closed. */
export function createReplacedError(location: string, isGone: boolean): KnockError {
  const message = `the store ${location} ${isGone ? "was deleted" : "was replaced by another file"} while it was open`;
  const hint = "Restart knock. Nothing was changed.";
  return new KnockError("store_unusable", message, { hint, needsRestart: true });
}

export function createFolderError(
  folder: string,
  cause: unknown,
  hint = "Use another store with --store, or --store :memory: to store nothing.",
): KnockError {
  return createUnusableError(
    `the folder ${folder} for the store cannot be created: ${getErrorMessage(cause)}`,
    hint,
    cause,
  );
}

export const createFileInPlaceError = (folder: string): KnockError =>
  createFolderError(folder, new Error("a file is in its place"), OTHER_STORE_HINT);

/** Returns the error for a damaged store. `damage` names the table and the row, if they are known. */
export function createDamagedError(location: string, damage: string, cause: unknown): KnockError {
  return createUnusableError(`the store ${location} is damaged: ${damage}`, OTHER_STORE_HINT, cause);
}

export function createSyncError(location: string, cause: unknown): KnockError {
  return createUnusableError(
    `the store ${location} could not be written to the disk: ${getErrorMessage(cause)}`,
    "Check whether the disk is full or failing.",
    cause,
  );
}

// SQLite's primary result codes (the low byte of an extended one).
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const TOOBIG = 18;
const NOTADB = 26;

export function getPrimaryResultCode(error: unknown): number | undefined {
  const code = getResultCode(error);
  return code === undefined ? undefined : code & 0xff;
}

export function isBusy(error: unknown): boolean {
  return getPrimaryResultCode(error) === BUSY;
}

/** Returns whether SQLite found that a store is damaged. */
export function isDamage(error: unknown): boolean {
  return getPrimaryResultCode(error) === CORRUPT;
}

/** Returns errors of the environment as `store_unusable`, and any other error (a bug) unchanged. */
export function translateError(error: unknown, location: string): unknown {
  switch (getPrimaryResultCode(error)) {
    case BUSY:
      return createUnusableError(
        `the store ${location} is locked by another process`,
        "Wait until it has finished, or stop it. knock holds the lock only briefly.",
        error,
      );
    case READONLY:
      return createReadOnlyError(location, error);
    case IOERR:
    case FULL:
      return createUnusableError(
        `the store ${location} could not be written: ${getErrorMessage(error)}`,
        "Check whether the disk is full or failing.",
        error,
      );
    case CORRUPT:
    case TOOBIG: // knock writes no value near SQLite's limit, so the length of a stored one is damaged
      return createDamagedError(location, getErrorMessage(error), error);
    case CANTOPEN:
      return createUnusableError(
        `the store ${location} cannot be opened: ${getErrorMessage(error)}`,
        "Make the file and its folder readable and writable, or use another store with --store.",
        error,
      );
    case NOTADB:
      return createNotDatabaseError(location, error);
    default:
      return error;
  }
}

/** Result codes of values that cannot be written. The other codes are about the file, the disk or other processes. */
const VALUE_CODES = new Set([TOOBIG, 19 /* constraint */, 20 /* mismatch */]);

/** Returns whether an error comes from SQLite or the file and says nothing about the values that were written. */
export function isTransient(error: unknown): boolean {
  const cause = error instanceof KnockError ? error.cause : error;
  const code = getPrimaryResultCode(cause);
  return code === undefined ? error instanceof KnockError : !VALUE_CODES.has(code);
}
