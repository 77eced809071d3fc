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
import { APPLICATION_ID, MIGRATIONS } from "./migrations.js";
import {
  createFolderError,
  createForeignDatabaseError,
  createIsFolderError,
  createNotDatabaseError,
  createReadOnlyError,
  createTooNewError,
  createUnusableError,
} from "./store-errors.js";

/**
 * What a file's first bytes tell: `ours`, `readable` (ours, and may only be read), `empty` (nothing in it yet), or `unsure`: no table in the file itself, but
 * perhaps in the write-ahead log beside it.
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
    throw createUnusableError(
      `the store ${path} cannot be opened: ${getErrorMessage(error)}`,
      "Use another store with --store.",
      error,
    );
  }
}

/** Messages and recipients are nobody else's: modes of what is created, whatever the umask. */
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

/** Folder by folder: Node's own recursive mkdir never returns where the system answers ENOENT for a folder that is there (/proc). */
function createFolder(folder: string): void {
  const parent = dirname(folder);
  if (findStats(parent) === undefined && parent !== folder) createFolder(parent);
  try {
    mkdirSync(folder);
    chmodSync(folder, OWNER_ONLY_FOLDER); // whatever the umask
  } catch (error) {
    // Another process may have made it at the same time.
    if (!findStats(folder)?.isDirectory()) throw createFolderError(folder, error);
  }
}

/** Keeps what is in a folder of our own making out of version control. */
function createStoreFolder(folder: string): void {
  createFolder(folder);
  writeFileSync(join(folder, ".gitignore"), "*\n", { mode: 0o600 });
}

/**
 * Creates the store's file before SQLite does, whose log and index files get the same mode. Another process may have
 * created it, and what fails here fails there with its reason.
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

/** Whether files and folders may be written: also false on a read-only file system. */
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

/**
 * Looks at the place of a store before SQLite does, so that a file which is not ours stays untouched to the byte.
 * Throws `store_unusable`: a folder, no database, another program's, a newer version's, not writable.
 */
export function inspectStoreFile(location: string): StoreFileState {
  const folder = dirname(location);
  const stats = findStats(location);
  if (stats === undefined) {
    const folderStats = findStats(folder);
    if (folderStats === undefined) createStoreFolder(folder);
    else if (!folderStats.isDirectory()) throw createFolderError(folder, new Error("a file is in its place"));
    checkWritable(folder);
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
      if (version > MIGRATIONS.length) throw createTooNewError(location, version, MIGRATIONS.length);
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
