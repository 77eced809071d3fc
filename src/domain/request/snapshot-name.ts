import { KnockError } from "../../errors/knock-error.js";

/** The rule for names of snapshots. A name has these characters. */
export const SNAPSHOT_NAME_RULE =
  "1 to 64 letters (a to z), digits, hyphens and underscores, the first one a letter or digit";

/** Returns whether a snapshot may have this name, which is also the name of a file. */
export const isSnapshotName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name);

/** Returns the error for a store that has no snapshots, because it is a PostgreSQL database. */
export const createDatabaseSnapshotError = (): KnockError =>
  new KnockError("not_supported", "a PostgreSQL store has no snapshots", {
    hint: "Use pg_dump and pg_restore, or copy the store to a file with `knock store copy --from postgres://… --to copy.db` first.",
  });
