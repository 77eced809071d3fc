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
import { messageOf } from "../../../errors/knock-error.js";
import { APPLICATION_ID, MIGRATIONS } from "./migrations.js";
import { foreign, isFolder, noDatabase, noFolder, readOnly, tooNew, unusable } from "./store-errors.js";

/**
 * What a file's first bytes tell: `ours`, `readable` (ours, and may only be read), `empty` (nothing in it yet), or `unsure`: no table in the file itself, but
 * perhaps in the write-ahead log beside it.
 */
export type FileState = "ours" | "readable" | "empty" | "unsure";

// Offsets in page 1 of an SQLite file: https://www.sqlite.org/fileformat2.html
const MAGIC = "SQLite format 3\0";
const USER_VERSION = 60;
const APPLICATION = 68;
const PAGE_TYPE = 100;
const CELL_COUNT = 103;
const READ_BYTES = 108;
const LEAF_TABLE_PAGE = 13;

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(`the store ${path} cannot be opened: ${messageOf(error)}`, "Use another store with --store.", error);
  }
}

/** Messages and recipients are nobody else's: modes of what is created, whatever the umask. */
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

/** Folder by folder: Node's own recursive mkdir never returns where the system answers ENOENT for a folder that is there (/proc). */
function createFolder(folder: string): void {
  const parent = dirname(folder);
  if (statOf(parent) === undefined && parent !== folder) createFolder(parent);
  try {
    mkdirSync(folder);
    chmodSync(folder, OWNER_ONLY_FOLDER); // whatever the umask
  } catch (error) {
    // Another process may have made it at the same time.
    if (!statOf(folder)?.isDirectory()) throw noFolder(folder, error);
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

function readStart(location: string): Buffer {
  const buffer = Buffer.alloc(READ_BYTES);
  let file: number;
  try {
    file = openSync(location, "r");
  } catch (error) {
    throw unusable(
      `the store ${location} cannot be read`,
      "Make the file readable, or use another store with --store.",
      error,
    );
  }
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, READ_BYTES, 0));
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
      throw readOnly(path, error);
    }
  }
}

/**
 * Looks at the place of a store before SQLite does, so that a file which is not ours stays untouched to the byte.
 * Throws `store_unusable`: a folder, no database, another program's, a newer version's, not writable.
 */
export function inspectStoreFile(location: string): FileState {
  const folder = dirname(location);
  const found = statOf(location);
  if (found === undefined) {
    const holder = statOf(folder);
    if (holder === undefined) createStoreFolder(folder);
    else if (!holder.isDirectory()) throw noFolder(folder, new Error("a file is in its place"));
    checkWritable(folder);
    createFile(location);
    return "empty";
  }
  if (found.isDirectory()) throw isFolder(location);
  if (!found.isFile()) throw unusable(`the store ${location} is not a regular file`, "Use another store with --store.");
  let state: FileState = "empty";
  if (found.size > 0) {
    const start = readStart(location);
    if (start.length < READ_BYTES || start.toString("latin1", 0, MAGIC.length) !== MAGIC) throw noDatabase(location);
    const application = start.readInt32BE(APPLICATION);
    const version = start.readInt32BE(USER_VERSION);
    if (application === APPLICATION_ID) {
      if (version > MIGRATIONS.length) throw tooNew(location, version, MIGRATIONS.length);
      state = "ours";
    } else if (application !== 0 || start[PAGE_TYPE] !== LEAF_TABLE_PAGE || start.readUInt16BE(CELL_COUNT) > 0) {
      throw foreign(location);
    } else if (existsSync(`${location}-wal`)) {
      state = "unsure";
    }
  }
  if (state === "ours" && !isWritable(location, folder)) return "readable";
  checkWritable(location, folder);
  return state;
}
