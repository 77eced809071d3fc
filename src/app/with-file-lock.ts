import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const RETRY_MS = 20;
/** Reading and writing a small file takes a few milliseconds, so an older lock belongs to a process that was killed. */
const MAX_LOCK_AGE_MS = 5_000;
const MAX_WAIT_MS = 10_000;

/** Creates the folder that is the lock. Returns false if another process holds it. */
function tryToLock(lock: string): boolean {
  try {
    mkdirSync(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

const isAbandoned = (lock: string): boolean =>
  Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) > MAX_LOCK_AGE_MS;

const unlock = (lock: string): void => rmSync(lock, { recursive: true, force: true });

/**
 * Runs `work`, which reads and writes a file, while no other process runs such work on the file. Creates the file's folder. Throws
 * the error of the file system if the lock cannot be created.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const startedAt = Date.now();
  while (!tryToLock(lock)) {
    if (Date.now() - startedAt > MAX_WAIT_MS) throw new Error(`${lock} exists: another process is writing the file`);
    if (isAbandoned(lock)) unlock(lock);
    else await pause(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    unlock(lock);
  }
}
