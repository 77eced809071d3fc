import type { Seed } from "../../../ports/seed-store.js";
import type { Connection } from "../connection/connection.js";
import { insertMembers } from "./audience-members.js";
import { applyUpserts } from "./recipients.js";
import { applySubscriptions } from "./subscriptions.js";

export function readSeeds(db: Connection): Map<string, string> {
  return db.read(
    () =>
      new Map(
        db
          .all<{ file: string; digest: string }>("SELECT file, digest FROM seeds")
          .map(({ file, digest }) => [file, digest]),
      ),
  );
}

/**
 * Applies seed files, which set up data and start no runs. A seed that another process applied first is skipped: its digest is
 * checked again under the lock.
 */
export function applySeeds(db: Connection, seeds: readonly Seed[], at: number): void {
  db.write(() => {
    for (const { file, digest, recipients, subscriptions, audiences } of seeds) {
      if (db.get<{ digest: string }>("SELECT digest FROM seeds WHERE file = ?", file)?.digest === digest) continue;
      applyUpserts(db, recipients, at, true);
      applySubscriptions(db, subscriptions, at);
      for (const { key, members } of audiences) {
        insertMembers(db, key, members, at, { quietly: true });
      }
      db.run("INSERT OR REPLACE INTO seeds (file, digest, applied_at) VALUES (?, ?, ?)", file, digest, at);
    }
  });
}
