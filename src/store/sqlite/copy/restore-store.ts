import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { KnockError } from "../../../errors/knock-error.js";
import { Connection } from "../connection/connection.js";
import { openDatabase } from "../connection/driver.js";
import { inspectStoreFile } from "../connection/inspect-store-file.js";
import { replaceContents } from "../connection/replace-contents.js";
import { createReadOnlyError, isBusy } from "../connection/store-errors.js";
import { openSqliteStore, updateTables } from "../open-sqlite-store.js";

const createOpenStoreError = (location: string, cause: unknown): KnockError =>
  new KnockError("conflict", `another process has the store ${location} open`, {
    hint: "Stop it, such as `knock dev` or `knock worker`, and run the command again. Or add --force: the work that it does at that moment may fail.",
    cause,
  });

/**
 * Replaces all data of a store by that of a snapshot of the same version, in one transaction. Creates the store if it is missing.
 * Throws `conflict` if another process has the store open, unless `isForced` is set.
 */
export async function restoreStore(location: string, snapshot: string, isForced: boolean): Promise<void> {
  const isNew = (statSync(location, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (isNew) await (await openSqliteStore(location)).close();
  else if (inspectStoreFile(location) === "readable") throw createReadOnlyError(location, null);
  const database = await openDatabase(location, { readOnly: false });
  const connection = new Connection(database, location);
  try {
    // The exclusive lock, which only the only connection gets, is kept until the connection is closed.
    if (!isForced && !isNew)
      connection.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; SELECT 1 FROM sqlite_schema");
    connection.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY");
    connection.runSingle(() => updateTables(database, location));
    replaceContents(connection, `${pathToFileURL(snapshot).href}?immutable=1`);
  } catch (error) {
    const isOpenElsewhere = !isForced && error instanceof KnockError && isBusy(error.cause);
    throw isOpenElsewhere ? createOpenStoreError(location, error) : error;
  } finally {
    connection.close();
  }
}
