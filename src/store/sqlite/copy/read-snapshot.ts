import { pathToFileURL } from "node:url";
import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import type { ClockSetting } from "../../../ports/clock-store.js";
import { type Database, openDatabase, selectOne } from "../connection/driver.js";
import { FIRST_VERSION, getCurrentVersion } from "../connection/migrations.js";
import { APPLICATION_ID } from "../connection/schema.js";

/** The contents of a snapshot in a few numbers. */
export interface SnapshotSummary {
  clock: ClockSetting;
  users: number;
  runs: number;
  messages: number;
}

/** The conditions use indexes, so that a large snapshot is counted in milliseconds. */
const COUNT = `
  SELECT
    (SELECT COUNT(*) FROM recipients WHERE substr(key, 1, instr(key, '/') - 1) = '$users') AS users,
    (SELECT COUNT(*) FROM recipient_runs) AS runs,
    (SELECT COUNT(*) FROM messages) AS messages`;

const DELETE_HINT =
  "Delete it with `knock store snapshot delete`. `knock store snapshot list` shows the others. Nothing was changed.";

function createSnapshotError(message: string, hint = DELETE_HINT, cause?: unknown): KnockError {
  return new KnockError("store_unusable", message, { hint, cause });
}

/** Returns the version of a snapshot. Throws `store_unusable` for a foreign file and for a version that cannot be read. */
function readVersion(database: Database, path: string): number {
  const { application_id } = selectOne<{ application_id: number }>(database, "PRAGMA application_id");
  const { user_version: version } = selectOne<{ user_version: number }>(database, "PRAGMA user_version");
  if (application_id !== APPLICATION_ID) throw createSnapshotError(`the file ${path} is not a snapshot of a store`);
  const known = getCurrentVersion();
  if (version > known)
    throw createSnapshotError(
      `the snapshot ${path} was written by a newer knock (version ${version}; this one reads up to ${known})`,
      "Update knock, and run the command again. Nothing was changed.",
    );
  if (version < FIRST_VERSION)
    throw createSnapshotError(
      `the snapshot ${path} was written by a development version of knock (version ${version})`,
    );
  return version;
}

/** Opens the file of a snapshot for reading while `work` runs. */
async function useSnapshot<T>(path: string, work: (database: Database, version: number) => T): Promise<T> {
  try {
    // No process writes to a snapshot, so SQLite needs no lock and no files beside it.
    const database = await openDatabase(`${pathToFileURL(path).href}?immutable=1`, { readOnly: true });
    try {
      return work(database, readVersion(database, path));
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof KnockError) throw error;
    throw createSnapshotError(`the snapshot ${path} cannot be read: ${getErrorMessage(error)}`, DELETE_HINT, error);
  }
}

/** Returns the contents of a snapshot in numbers. Throws `store_unusable` for another file, and for another version. */
export const summarizeSnapshot = (path: string): Promise<SnapshotSummary> =>
  useSnapshot(path, (database) => {
    const clock = database.prepare<ClockSetting>("SELECT offset_ms, frozen_at FROM clock WHERE row = 1").get();
    const counts = selectOne<Omit<SnapshotSummary, "clock">>(database, COUNT);
    return { ...counts, clock: { offset_ms: clock?.offset_ms ?? 0, frozen_at: clock?.frozen_at ?? null } };
  });

/** Reads a whole snapshot. Returns whether its tables are of an older version. Throws `store_unusable` for a damaged one. */
export const checkSnapshot = (path: string): Promise<{ isOlder: boolean }> =>
  useSnapshot(path, (database, version) => {
    const { quick_check: found } = selectOne<{ quick_check: string }>(database, "PRAGMA quick_check(1)");
    if (found !== "ok") throw createSnapshotError(`the snapshot ${path} is damaged: ${found.trim()}`);
    return { isOlder: version < getCurrentVersion() };
  });
