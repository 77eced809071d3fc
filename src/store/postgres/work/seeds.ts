import { withOrigin } from "../../../domain/recipient/preference-origins.js";
import type { RecipientsFileMark } from "../../../domain/request/parse-recipients-file.js";
import type { Seed } from "../../../ports/seed-store.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { insertMembers } from "../recipient/audience-members.js";
import { applyUpserts } from "../recipient/recipients.js";
import { applySubscriptions } from "../recipient/subscriptions.js";
import { applyScheduleChanges } from "./schedules.js";

/** The advisory lock of processes that apply seeds, which do so one after another. */
const SEED_LOCK = 7_205;

export async function readSeeds(tx: Reader): Promise<Map<string, RecipientsFileMark>> {
  const rows = await tx.all<RecipientsFileMark & { file: string }>("SELECT file, digest, stamp FROM seeds");
  return new Map(rows.map(({ file, digest, stamp }) => [file, { digest, stamp }]));
}

/**
 * Applies seed files, which set up data and start no runs. A seed that another process applied first is skipped: its digest is
 * checked again under the lock.
 */
export async function applySeeds(tx: Transaction, seeds: readonly Seed[], at: number): Promise<void> {
  await tx.all("SELECT pg_advisory_xact_lock($1)", SEED_LOCK);
  const applied = await readSeeds(tx);
  for (const { file, digest, stamp = null, recipients, subscriptions, audiences, schedules } of seeds) {
    if (applied.get(file)?.digest === digest) {
      await tx.run("UPDATE seeds SET stamp = $1 WHERE file = $2", stamp, file);
      continue;
    }
    await applyUpserts(tx, withOrigin(recipients, { by: file, at }), at, { quietly: true });
    await applySubscriptions(tx, subscriptions, at);
    for (const { key, members } of audiences) await insertMembers(tx, key, members, at);
    if (schedules !== undefined) await applyScheduleChanges(tx, schedules);
    await tx.run(
      "INSERT INTO seeds (file, digest, stamp, applied_at) VALUES ($1, $2, $3, $4) ON CONFLICT (file) DO UPDATE SET digest = excluded.digest, stamp = excluded.stamp, applied_at = excluded.applied_at",
      file,
      digest,
      stamp,
      at,
    );
  }
}
