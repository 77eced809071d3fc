import { KnockError } from "../../../errors/knock-error.js";
import type { StoreSnapshot } from "../../../ports/store-control.js";
import { systemIds } from "../../../util/ids.js";
import type { Connection } from "./connection.js";
import { replaceContents } from "./replace-contents.js";

const MEGABYTE = 2 ** 20;
/** A larger store would fill the memory of a process, and nothing else could run while it is copied. */
const MAX_BYTES = 256 * MEGABYTE;

/** Copies a store to memory. Throws `not_supported` for a large one. */
export function takeMemorySnapshot(db: Connection): StoreSnapshot {
  const { bytes } = db.getOne<{ bytes: number }>(
    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
  );
  if (bytes > MAX_BYTES)
    throw new KnockError(
      "not_supported",
      `the store has ${Math.ceil(bytes / MEGABYTE)} MB, and a snapshot in memory may have ${MAX_BYTES / MEGABYTE} MB`,
      { hint: "Run `knock store snapshot save`, which saves it in a file." },
    );
  // SQLite shares a database in memory by its name, with all connections of the process.
  const address = `file:/snapshot-${systemIds.uuid()}?vfs=memdb`;
  const holder = db.openDatabase(address);
  try {
    db.exec(`VACUUM INTO '${address}'`);
  } catch (error) {
    holder.close();
    throw error;
  }
  let isOpen = true;
  return {
    restore: async () => replaceContents(db, address),
    close() {
      if (isOpen) holder.close();
      isOpen = false;
    },
  };
}
