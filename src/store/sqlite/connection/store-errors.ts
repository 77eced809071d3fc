import { KnockError, messageOf } from "../../../errors/knock-error.js";
import { resultCode } from "./driver.js";

const OTHER_STORE = "Use another store with --store, or move the file away.";

export function unusable(message: string, hint: string, cause?: unknown): KnockError {
  return new KnockError("store_unusable", message, { hint, cause });
}

export function isFolder(location: string): KnockError {
  return unusable(`the store ${location} is a folder, not a file`, `Name a file in it: --store ${location}/knock.db`);
}

export function noDatabase(location: string, cause?: unknown): KnockError {
  return unusable(`${location} is not a store: it is no SQLite database`, OTHER_STORE, cause);
}

export function foreign(location: string): KnockError {
  return unusable(`${location} is the database of another program`, OTHER_STORE);
}

export function tooNew(location: string, found: number, known: number): KnockError {
  return unusable(
    `the store ${location} was written by a newer knock (version ${found}; this one reads up to ${known})`,
    "Update knock, or use another store with --store.",
  );
}

export function readOnly(location: string, cause: unknown): KnockError {
  return unusable(
    `the store ${location} cannot be written`,
    "Make the file and its folder writable, or use another store with --store.",
    cause,
  );
}

export function tooOldToRead(location: string, found: number, known: number): KnockError {
  return unusable(
    `the store ${location} is read-only and was written by an older knock (version ${found}; this one reads version ${known})`,
    "Make the file and its folder writable once, so that the store can be updated.",
  );
}

/** The file at the store's place is not the one that is open: what is written to that one is lost when it is closed. */
export function replaced(location: string, isGone: boolean): KnockError {
  return unusable(
    `the store ${location} ${isGone ? "was deleted" : "was replaced by another file"} while it was open`,
    "Restart knock; nothing was changed.",
  );
}

export function noFolder(folder: string, cause: unknown): KnockError {
  return unusable(
    `the folder ${folder} for the store cannot be created: ${messageOf(cause)}`,
    "Use another store with --store, or --store :memory: to keep nothing.",
    cause,
  );
}

/** `what` names the table and the row, if they are known. */
export function damaged(location: string, what: string, cause: unknown): KnockError {
  return unusable(`the store ${location} is damaged: ${what}`, OTHER_STORE, cause);
}

export function unsynced(location: string, cause: unknown): KnockError {
  return unusable(
    `the store ${location} could not be written to the disk: ${messageOf(cause)}`,
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
const NOTADB = 26;

export function resultCodeOf(error: unknown): number | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : code & 0xff;
}

export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === BUSY;
}

/** A fault of the surroundings as `store_unusable`; anything else (a bug) as it is. */
export function translateError(error: unknown, location: string): unknown {
  switch (resultCodeOf(error)) {
    case BUSY:
      return unusable(
        `the store ${location} is locked by another process`,
        "Wait until it is done, or end it; knock never holds the lock for long.",
        error,
      );
    case READONLY:
      return readOnly(location, error);
    case IOERR:
    case FULL:
      return unusable(
        `the store ${location} could not be written: ${messageOf(error)}`,
        "Look at the disk: it may be full or failing.",
        error,
      );
    case CORRUPT:
      return damaged(location, messageOf(error), error);
    case CANTOPEN:
      return unusable(
        `the store ${location} cannot be opened: ${messageOf(error)}`,
        "Make the file and its folder readable and writable, or use another store with --store.",
        error,
      );
    case NOTADB:
      return noDatabase(location, error);
    default:
      return error;
  }
}
