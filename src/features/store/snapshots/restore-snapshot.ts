import { copyFileSync } from "node:fs";
import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import { checkSnapshot } from "../../../store/sqlite/copy/read-snapshot.js";
import { restoreStore } from "../../../store/sqlite/copy/restore-store.js";
import { openSqliteStore } from "../../../store/sqlite/open-sqlite-store.js";
import type { SnapshotFolder } from "./snapshot-folder.js";
import { useTemporaryFile } from "./temporary-file.js";

/** Calls `work` with the file of a snapshot whose tables have the current version. That of an older one is an updated copy. */
export async function useCurrentSnapshot<T>(
  folder: SnapshotFolder,
  name: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const file = folder.find(name);
  const { isOlder } = await checkSnapshot(file);
  if (!isOlder) return work(file);
  return useTemporaryFile(folder.path, name, async (copy) => {
    try {
      copyFileSync(file, copy);
    } catch (error) {
      throw new KnockError("store_unusable", `the snapshot ${file} could not be copied: ${getErrorMessage(error)}`, {
        hint: "Check whether the disk is full. Nothing was changed.",
        cause: error,
      });
    }
    await (await openSqliteStore(copy)).close();
    return work(copy);
  });
}

/** Replaces the data of a store by a snapshot. Throws `conflict` if another process has the store open, unless it is forced. */
export const restoreSnapshot = (folder: SnapshotFolder, name: string, isForced: boolean): Promise<void> =>
  useCurrentSnapshot(folder, name, (path) => restoreStore(folder.location, path, isForced));
