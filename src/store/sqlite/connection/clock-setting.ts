import type { ClockClaim, ClockReading, ClockSetting } from "../../../ports/clock-store.js";
import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import type { Connection } from "./connection.js";

export function selectClock(db: Connection): ClockSetting {
  const row = db.get<ClockSetting>("SELECT offset_ms, frozen_at FROM clock WHERE row = 1");
  return { offset_ms: row?.offset_ms ?? 0, frozen_at: row?.frozen_at ?? null };
}

export function readClock(db: Connection): ClockReading {
  return db.runSingle(() => ({ ...selectClock(db), real_now: db.realNow() }));
}

export function writeClock(db: Connection, setting: ClockSetting): void {
  db.write(() => writeClockRow(db, setting));
}

/** Stores the clock's setting. Must run inside a write. */
export function writeClockRow(db: Connection, { offset_ms, frozen_at }: ClockSetting): void {
  db.run(
    `INSERT INTO clock (row, offset_ms, frozen_at) VALUES (1, ?, ?)
      ON CONFLICT (row) DO UPDATE SET offset_ms = excluded.offset_ms, frozen_at = excluded.frozen_at`,
    offset_ms,
    frozen_at,
  );
}

/** Takes or renews the lease on the clock. Returns false while another process, which has not ended, holds it. */
export function claimClock(db: Connection, { token, leaseMs }: ClockClaim): boolean {
  return db.writeUnsynced(() => {
    const realNow = db.realNow();
    db.run("INSERT INTO clock (row, offset_ms) VALUES (1, 0) ON CONFLICT (row) DO NOTHING");
    const current = db.get<{ claim_token: string | null }>("SELECT claim_token FROM clock")?.claim_token ?? "";
    if (hasTokenOwnerEnded(current)) db.run("UPDATE clock SET claim_token = NULL");
    const changed = db.run(
      "UPDATE clock SET claim_token = ?, claim_until = ? WHERE claim_token IS NULL OR claim_token = ? OR claim_until <= ?",
      token,
      realNow + leaseMs,
      token,
      realNow,
    );
    return changed > 0;
  });
}

/** Ends the lease if `token` still holds it. */
export function releaseClock(db: Connection, token: string): void {
  db.writeUnsynced(() =>
    db.run("UPDATE clock SET claim_token = NULL, claim_until = NULL WHERE claim_token = ?", token),
  );
}
