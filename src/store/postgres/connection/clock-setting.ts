import type { ClockClaim, ClockReading, ClockSetting } from "../../../ports/clock-store.js";
import type { Connection } from "./connection.js";
import { createRealClockError } from "./store-errors.js";
import type { Reader, Transaction } from "./transaction.js";

/** Only a database for tests has a virtual clock: in others, no process may move the time of all. */
function requireTestDatabase(db: Connection): void {
  if (!db.forTests) throw createRealClockError();
}

/** Reads the clock and the store's real time with one statement. */
export async function selectClock(tx: Reader & { readonly time: string }): Promise<ClockReading> {
  const found = await tx.get<{ offset_ms: number | null; frozen_at: number | null; real_now: number }>(
    `SELECT c.offset_ms, c.frozen_at, ${tx.time} AS real_now FROM (VALUES (1)) one (row) LEFT JOIN clock c ON c.row = one.row`,
  );
  return { offset_ms: found?.offset_ms ?? 0, frozen_at: found?.frozen_at ?? null, real_now: found?.real_now ?? 0 };
}

export async function writeClock(db: Connection, setting: ClockSetting): Promise<void> {
  requireTestDatabase(db);
  await db.write((tx) => writeClockRow(tx, setting));
}

/** Stores the clock's setting. */
export async function writeClockRow(tx: Transaction, { offset_ms, frozen_at }: ClockSetting): Promise<void> {
  await tx.run(
    "INSERT INTO clock (row, offset_ms, frozen_at) VALUES (1, $1, $2) ON CONFLICT (row) DO UPDATE SET offset_ms = excluded.offset_ms, frozen_at = excluded.frozen_at",
    offset_ms,
    frozen_at,
  );
}

/** Takes or renews the lease on the clock. Returns false while another process holds it. */
export async function claimClock(db: Connection, { token, leaseMs }: ClockClaim): Promise<boolean> {
  requireTestDatabase(db);
  return db.write(async (tx) => {
    await tx.run("INSERT INTO clock (row, offset_ms) VALUES (1, 0) ON CONFLICT (row) DO NOTHING");
    const changed = await tx.run(
      `UPDATE clock SET claim_token = $1, claim_until = ${tx.time} + $2 WHERE claim_token IS NULL OR claim_token = $1 OR claim_until <= ${tx.time}`,
      token,
      leaseMs,
    );
    return changed > 0;
  });
}

/** Ends the lease if `token` still holds it. */
export async function releaseClock(db: Connection, token: string): Promise<void> {
  await db.write((tx) =>
    tx.run("UPDATE clock SET claim_token = NULL, claim_until = NULL WHERE claim_token = $1", token),
  );
}
