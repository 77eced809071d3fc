import { KEEP_UNSIGNED_LINKS } from "../../rows/keep-unsigned-links.js";
import type { Database } from "./driver.js";

/** Stores with a lower `user_version` were written by development versions, before the first release. */
export const FIRST_VERSION = 103;

/**
 * The updates of existing stores, each of which runs once, in order. `user_version` is {@link FIRST_VERSION} and the number of
 * updates that ran. Append only: a released update never changes. A new store is created by `CREATE_TABLES`, as if all updates
 * had run. An update that renames or rebuilds `messages` or `recipient_runs` must first drop the triggers that
 * `sqlite-outbound-log.ts` may have created, which creates them again.
 */
export const MIGRATIONS: readonly ((database: Database) => void)[] = [
  renameClaims,
  addDeathsAlone,
  keepUnsignedLinks,
  addPreferenceOrigins,
];

/** Returns the `user_version` of a store of this version. */
export const getCurrentVersion = (): number => FIRST_VERSION + MIGRATIONS.length;

export function hasTable(database: Database, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

/** Names the run that waits for a batch, and the claims of webhooks and source events. */
function renameClaims(database: Database): void {
  database.exec("ALTER TABLE batches RENAME COLUMN holder TO waiting_run");
  if (hasTable(database, "outbound_watch"))
    database.exec(`
      ALTER TABLE outbound_watch RENAME COLUMN holder TO claim_token;
      ALTER TABLE outbound_watch RENAME COLUMN held_until TO claim_until`);
  if (hasTable(database, "source_events"))
    database.exec(`
      ALTER TABLE source_events RENAME COLUMN in_hand_until TO claim_until;
      UPDATE source_events SET state = 'processing' WHERE state = 'in_hand'`);
}

/** Adds the deaths of processes that did only one row, and the time of the last death that counted. */
function addDeathsAlone(database: Database): void {
  database.exec(`
    ALTER TABLE crashed_claims ADD COLUMN deaths_alone INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE crashed_claims ADD COLUMN counted_at INTEGER NOT NULL DEFAULT 0`);
}

/** Keeps the time until which links have no token. Later links without one do not work. */
function keepUnsignedLinks(database: Database): void {
  database.exec(KEEP_UNSIGNED_LINKS);
}

/** Adds what set each preference of a recipient, and when. */
function addPreferenceOrigins(database: Database): void {
  database.exec("ALTER TABLE recipients ADD COLUMN preference_origins TEXT");
}
