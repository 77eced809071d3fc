import { dirname } from "node:path";
import { Connection } from "../../../store/sqlite/connection/connection.js";
import { openDatabase, type SqlValue, selectOne } from "../../../store/sqlite/connection/driver.js";
import { createUnusableError, translateError } from "../../../store/sqlite/connection/store-errors.js";
import { makeFolder } from "../../../util/make-folder.js";

/** Identifies the file, so that a store is not opened as an account. */
const APPLICATION_ID = 0x6b6e6163;
const VERSION = 1;

/**
 * The tables of an account. A tree is an environment's slug, or `branch:` and the slug of a branch. `resources` has what is
 * committed in each tree, `drafts` what was pushed and not committed, `statuses` what was activated. A digest that is null means
 * that the resource was removed. `base` is, for a draft, the digest of the files when it was pushed, and for a resource of a
 * branch, the digest in development when the branch began or was rebased.
 */
const TABLES = `
CREATE TABLE trees (
  tree TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, last_commit_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE contents (digest TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
CREATE TABLE resources (
  tree TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, digest TEXT, commit_number INTEGER NOT NULL, base TEXT,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (tree, type, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE drafts (
  tree TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, digest TEXT, base TEXT, updated_at INTEGER NOT NULL,
  PRIMARY KEY (tree, type, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE statuses (
  tree TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL, base TEXT, PRIMARY KEY (tree, type, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE commits (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tree TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL,
  digest TEXT, message TEXT, created_at INTEGER NOT NULL, promoted INTEGER NOT NULL
) STRICT;
CREATE INDEX commits_by_resource ON commits (tree, type, resource);
PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION};
`;

/** A connection that reports a damaged file, a full disk and the like as such, also when it reads. */
class AccountConnection extends Connection {
  private explainErrors<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.explain(error);
    }
  }

  override get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.explainErrors(() => super.get<Row>(sql, ...values));
  }

  override all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.explainErrors(() => super.all<Row>(sql, ...values));
  }

  override write<T>(work: () => T): T {
    return this.explainErrors(() => super.write(work));
  }
}

/**
 * Opens the database of an account in a file, which is created if missing, or in `:memory:`. Several processes may open it.
 * Throws `store_unusable`.
 */
export async function openAccountDatabase(location: string): Promise<Connection> {
  try {
    if (location !== ":memory:") makeFolder(dirname(location));
    const database = await openDatabase(location, { readOnly: false });
    try {
      if (location !== ":memory:") database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      const connection = new AccountConnection(database, location);
      connection.write(() => {
        const { application_id } = selectOne<{ application_id: number }>(database, "PRAGMA application_id");
        const { user_version } = selectOne<{ user_version: number }>(database, "PRAGMA user_version");
        if (application_id === 0 && user_version === 0) database.exec(TABLES);
        else if (application_id !== APPLICATION_ID || user_version !== VERSION)
          throw createUnusableError(
            `${location} was not written by this version of knock dev`,
            "Move the file away. `knock dev` then starts a new account from the project's files.",
          );
      });
      return connection;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw translateError(error, location);
  }
}
