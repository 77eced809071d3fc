import { withOrigin } from "../../../domain/recipient/preference-origins.js";
import type { RecipientsFileMark } from "../../../domain/request/parse-recipients-file.js";
import type { Seed } from "../../../ports/seed-store.js";
import type { Connection } from "../connection/connection.js";
import { insertMembers } from "../recipient/audiences.js";
import { applyUpserts } from "../recipient/recipients.js";
import { applySubscriptions } from "../recipient/subscriptions.js";
import { applyScheduleChanges } from "./schedules.js";

export function readSeeds(db: Connection): Map<string, RecipientsFileMark> {
  const rows = db.read(() => db.all<RecipientsFileMark & { file: string }>("SELECT file, digest, stamp FROM seeds"));
  return new Map(rows.map(({ file, digest, stamp }) => [file, { digest, stamp }]));
}

/**
 * Applies seed files, which set up data and start no runs. A seed that another process applied first is skipped: its digest is
 * checked again under the lock.
 */
export function applySeeds(db: Connection, seeds: readonly Seed[], at: number): void {
  db.write(() => {
    for (const { file, digest, stamp = null, recipients, subscriptions, audiences, schedules } of seeds) {
      if (db.get<{ digest: string }>("SELECT digest FROM seeds WHERE file = ?", file)?.digest === digest) {
        db.run("UPDATE seeds SET stamp = ? WHERE file = ?", stamp, file);
        continue;
      }
      applyUpserts(db, withOrigin(recipients, { by: file, at }), at, true);
      applySubscriptions(db, subscriptions, at);
      for (const { key, members } of audiences) {
        insertMembers(db, key, members, at, { quietly: true });
      }
      if (schedules !== undefined) applyScheduleChanges(db, schedules);
      db.run(
        "INSERT OR REPLACE INTO seeds (file, digest, stamp, applied_at) VALUES (?, ?, ?, ?)",
        file,
        digest,
        stamp,
        at,
      );
    }
  });
}
