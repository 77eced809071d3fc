import type { Seed } from "../../ports/store.js";
import type { Connection } from "./connection.js";
import { applyUpserts } from "./recipients.js";

const SUBSCRIBE =
  "INSERT INTO subscriptions (object, recipient, properties, inserted_at, updated_at) VALUES (?, ?, ?, ?, ?) " +
  "ON CONFLICT (object, recipient) DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at";

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

/** A seed that another process applied first is passed over: the digest is looked at again under the lock. */
export function applySeeds(db: Connection, seeds: readonly Seed[], at: number): void {
  db.write(() => {
    for (const { file, digest, recipients, subscriptions, audiences } of seeds) {
      if (db.get<{ digest: string }>("SELECT digest FROM seeds WHERE file = ?", file)?.digest === digest) continue;
      applyUpserts(db, recipients, at);
      for (const { object, recipient, properties } of subscriptions)
        db.run(SUBSCRIBE, object, recipient, JSON.stringify(properties), at, at);
      for (const { key, members } of audiences) {
        for (const member of members)
          db.run(
            "INSERT OR IGNORE INTO audience_members (audience, recipient, inserted_at) VALUES (?, ?, ?)",
            key,
            member,
            at,
          );
      }
      db.run("INSERT OR REPLACE INTO seeds (file, digest, applied_at) VALUES (?, ?, ?)", file, digest, at);
    }
  });
}
