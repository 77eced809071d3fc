import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { platform } from "node:process";
import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import { backUpStore } from "../../../store/sqlite/copy/back-up-store.js";
import { makeFolder } from "../../../util/make-folder.js";
import type { SnapshotFolder } from "./snapshot-folder.js";
import { useTemporaryFile } from "./temporary-file.js";

interface SaveOptions {
  /** Replaces a snapshot with the same name. */
  isForced: boolean;
  onProgress(share: number): void;
  signal: AbortSignal;
}

function createTakenError(name: string): KnockError {
  return new KnockError("conflict", `there is already a snapshot "${name}"`, {
    hint: "Choose another name, or replace the snapshot with --force. Nothing was changed.",
  });
}

/** Gives a complete file its name. Throws `conflict` if a snapshot has it, unless it may be replaced. */
function publish(temporary: string, file: string, name: string, isForced: boolean): void {
  if (!isForced)
    try {
      return linkSync(temporary, file); // unlike renaming, it fails if another process was faster
    } catch {
      if (existsSync(file)) throw createTakenError(name);
      // Some file systems have no links.
    }
  renameSync(temporary, file);
}

/** Creates the folder of snapshots, with a `.gitignore`. */
function createFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(path, 0o700);
  writeFileSync(join(path, ".gitignore"), "*\n", { mode: 0o600 });
}

/** Writes the names of a folder's files to the disk. Windows cannot open folders, and does it itself. */
function syncFolder(folder: string): void {
  if (platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Saves a snapshot of a store. Throws `conflict` for a name that is taken. Returns whether it replaced a snapshot. */
export async function saveSnapshot(
  { location, path: folder }: SnapshotFolder,
  { name, file }: { name: string; file: string },
  { isForced, ...options }: SaveOptions,
): Promise<boolean> {
  if (!existsSync(location))
    throw new KnockError("store_unusable", `there is no store ${location}`, {
      hint: "Run a command that writes data first, such as `knock notify`, or select another store with --store.",
    });
  const isTaken = existsSync(file);
  if (isTaken && !isForced) throw createTakenError(name);
  try {
    createFolder(folder);
    await useTemporaryFile(folder, name, async (temporary) => {
      writeFileSync(temporary, "", { mode: 0o600 });
      const startedAt = new Date(Date.now());
      await backUpStore(location, { ...options, path: temporary });
      utimesSync(temporary, startedAt, startedAt);
      publish(temporary, file, name, isForced);
      syncFolder(folder);
    });
    return isTaken;
  } catch (error) {
    if (error instanceof KnockError) throw error;
    throw new KnockError("store_unusable", `the snapshot ${file} could not be written: ${getErrorMessage(error)}`, {
      hint: "Check whether the disk is full, and whether the folder is writable. Other snapshots were not changed.",
      cause: error,
    });
  }
}
