import type { Store } from "../ports/store.js";
import { openGroupCommitStore } from "../store/sqlite/group-commit-store.js";
import { openSqliteStore } from "../store/sqlite/open-sqlite-store.js";
import { isPostgresLocation } from "./store-location.js";

interface StoreOptions {
  /** Record changes of user properties until they are processed, because there are dynamic audiences (E-387). */
  watchUsers?: boolean;
  /** Open an existing store for reading only: nothing is created, updated or written. */
  readOnly?: boolean;
  /** The most connections to a database. */
  maxConnections?: number;
  /** The process serves many clients, so that their concurrent writes may share a transaction. */
  isShared?: boolean;
}

/** How long requests wait for a database that is away. Clients repeat requests that are answered with 503. */
const MAX_OUTAGE_OF_SERVER_MS = 1_000;

/** Opens the store at a location: a file, `:memory:`, or the URL of a PostgreSQL database. */
export async function openStore(location: string, { isShared, ...options }: StoreOptions = {}): Promise<Store> {
  if (isPostgresLocation(location)) {
    const { openPostgresStore } = await import("../store/postgres/open-postgres-store.js");
    return openPostgresStore(location, { ...options, maxOutageMs: isShared ? MAX_OUTAGE_OF_SERVER_MS : undefined });
  }
  return isShared ? openGroupCommitStore(location, options) : openSqliteStore(location, options);
}
