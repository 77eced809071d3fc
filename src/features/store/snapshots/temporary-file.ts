import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pid } from "node:process";
import { getProcessIdentity, hasEnded } from "../../../util/process-identity.js";

const NAME = /^[\w-]+\.(.+)\.tmp(?:-\w+)?$/;
/** The files that SQLite may create beside a database. */
const SIDE_FILES = ["", "-journal", "-wal", "-shm"];

/** Removes the temporary files of processes that were killed. */
function removeAbandonedFiles(folder: string): void {
  for (const file of readdirSync(folder)) {
    const [, identity = ""] = NAME.exec(file) ?? [];
    if (hasEnded(identity)) rmSync(join(folder, file), { force: true });
  }
}

/** Calls `work` with the path of a database in a folder that does not exist yet. It is removed afterwards. */
export async function useTemporaryFile<T>(
  folder: string,
  name: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  removeAbandonedFiles(folder);
  const path = join(folder, `${name}.${getProcessIdentity() ?? pid}.tmp`);
  try {
    return await work(path);
  } finally {
    for (const ending of SIDE_FILES) rmSync(path + ending, { force: true });
  }
}
