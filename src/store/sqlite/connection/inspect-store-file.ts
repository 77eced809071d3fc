import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { getErrorMessage } from "../../../errors/knock-error.js";
import { getErrorCode } from "../../../util/text-file.js";
import { FIRST_VERSION, getCurrentVersion } from "./migrations.js";
import { APPLICATION_ID } from "./schema.js";
import {
  createFileInPlaceError,
  createFolderError,
  createForeignDatabaseError,
  createIsFolderError,
  createNotDatabaseError,
  createReadOnlyError,
  createTooNewError,
  createUnreleasedError,
  createUnusableError,
} from "./store-errors.js";

/**
 * The state of a store's file according to its first bytes: `ours`; `readable`, which is ours but may only be read; `empty`,
 * which has no content yet; `unsure`, which has no table in the file itself, but maybe in the write-ahead log next to it.
 */
type StoreFileState = "ours" | "readable" | "empty" | "unsure";

// Offsets in page 1 of an SQLite file: https://www.sqlite.org/fileformat2.html
const MAGIC = "SQLite format 3\0";
const USER_VERSION_OFFSET = 60;
const APPLICATION_OFFSET = 68;
const PAGE_TYPE_OFFSET = 100;
const CELL_COUNT_OFFSET = 103;
const HEADER_BYTES = 108;
const LEAF_TABLE_PAGE = 13;

function findStats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // The path is below a file. Newer versions of Node return undefined for it.
    if (getErrorCode(error) === "ENOTDIR") return undefined;
    throw createUnusableError(
      `the store ${path} cannot be opened: ${getErrorMessage(error)}`,
      "Use another store with --store.",
      error,
    );
  }
}

/** Modes of created folders and files, independent of the umask. Only the owner may read messages and recipients. */
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

/**
 * Creates a folder and its parents one by one. Node's recursive mkdir never returns if the system reports ENOENT for a folder
 * that exists (/proc).
 */
function createFolder(folder: string): void {
  const parent = dirname(folder);
  if (findStats(parent) === undefined && parent !== folder) createFolder(parent);
  try {
    mkdirSync(folder);
    chmodSync(folder, OWNER_ONLY_FOLDER); // the umask would restrict a mode that is passed to mkdir
  } catch (error) {
    // Another process may have created it at the same time.
    if (!findStats(folder)?.isDirectory()) throw createFolderError(folder, error);
  }
}

/** Creates the store's folder, with a `.gitignore` that keeps its content out of version control. */
function createStoreFolder(folder: string): void {
  createFolder(folder);
  writeFileSync(join(folder, ".gitignore"), "*\n", { mode: 0o600 });
}

/**
 * Creates the store's file with owner-only permissions before SQLite opens it; SQLite gives its log and index files the same
 * mode. Errors are ignored, because another process may have created the file, and SQLite reports any other reason.
 */
function createFile(location: string): void {
  let file: number;
  try {
    file = openSync(location, "wx", OWNER_ONLY_FILE);
  } catch {
    return;
  }
  try {
    fchmodSync(file, OWNER_ONLY_FILE);
  } finally {
    closeSync(file);
  }
}

function readHeader(location: string): Buffer {
  const buffer = Buffer.alloc(HEADER_BYTES);
  let file: number;
  try {
    file = openSync(location, "r");
  } catch (error) {
    throw createUnusableError(
      `the store ${location} cannot be read`,
      "Make the file readable, or use another store with --store.",
      error,
    );
  }
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** Returns whether all files and folders can be written. False also on a read-only file system. */
function isWritable(...paths: string[]): boolean {
  try {
    checkWritable(...paths);
    return true;
  } catch {
    return false;
  }
}

function checkWritable(...paths: string[]): void {
  for (const path of paths) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      throw createReadOnlyError(path, error);
    }
  }
}

/** Throws `store_unusable` if a new store in a folder cannot be created. Creates nothing. `missing` is a folder in it. */
export function checkStoreFolder(folder: string, missing?: string): void {
  const stats = findStats(folder);
  const parent = dirname(folder);
  if (stats === undefined && parent !== folder) return checkStoreFolder(parent, folder);
  if (!stats?.isDirectory()) throw createFileInPlaceError(folder);
  if (missing === undefined) checkWritable(folder);
  else if (!isWritable(folder)) throw createFolderError(missing, new Error(`${folder} cannot be written`));
}

/** Throws `store_unusable` for a store of a newer version, or of a version before the first release. */
export function checkVersion(version: number, location: string): void {
  if (version > getCurrentVersion()) throw createTooNewError(location, version, getCurrentVersion());
  if (version < FIRST_VERSION) throw createUnreleasedError(location, version);
}

/**
 * Inspects the location of a store before SQLite opens it, so that a file that is not ours stays unchanged to the byte. Throws
 * `store_unusable` for a folder, a file that is not a database, a database of another program, a store of a newer version, and
 * a location that cannot be written and has no store.
 */
export function inspectStoreFile(location: string): StoreFileState {
  const folder = dirname(location);
  const stats = findStats(location);
  if (stats === undefined) {
    checkStoreFolder(folder);
    if (findStats(folder) === undefined) createStoreFolder(folder);
    createFile(location);
    return "empty";
  }
  if (stats.isDirectory()) throw createIsFolderError(location);
  if (!stats.isFile())
    throw createUnusableError(`the store ${location} is not a regular file`, "Use another store with --store.");
  let state: StoreFileState = "empty";
  if (stats.size > 0) {
    const header = readHeader(location);
    if (header.length < HEADER_BYTES || header.toString("latin1", 0, MAGIC.length) !== MAGIC)
      throw createNotDatabaseError(location);
    const application = header.readInt32BE(APPLICATION_OFFSET);
    const version = header.readInt32BE(USER_VERSION_OFFSET);
    if (application === APPLICATION_ID) {
      checkVersion(version, location);
      state = "ours";
    } else if (
      application !== 0 ||
      header[PAGE_TYPE_OFFSET] !== LEAF_TABLE_PAGE ||
      header.readUInt16BE(CELL_COUNT_OFFSET) > 0
    ) {
      throw createForeignDatabaseError(location);
    } else if (existsSync(`${location}-wal`)) {
      state = "unsure";
    }
  }
  if (state === "ours" && !isWritable(location, folder)) return "readable";
  checkWritable(location, folder);
  return state;
}
