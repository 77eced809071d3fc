import { decideThrottle, type ThrottleWindow } from "../../../domain/run/decide-throttle.js";
import type { ThrottleRequest } from "../../../ports/run-store.js";
import type { Connection } from "../connection/connection.js";

/**
 * Decides which runs pass their throttle. A run that requests a slot again gets the same decision, so that a crash between the
 * decision and what follows it uses no slot (E-284 to E-292).
 */
export function acquireThrottleSlots(db: Connection, requests: readonly ThrottleRequest[], now: number): boolean[] {
  return db.write(() =>
    requests.map(({ key, recipient_run_id, ...throttle }) => {
      const known = db.get<{ passed: number }>(
        "SELECT passed FROM throttle_passes WHERE key = ? AND recipient_run_id = ?",
        key,
        recipient_run_id,
      );
      if (known !== undefined) return known.passed === 1;
      const current = db.get<ThrottleWindow>("SELECT ends_at, passes FROM throttles WHERE key = ?", key) ?? null;
      const { passed, window, opened } = decideThrottle(current, throttle, now);
      if (opened) db.run("DELETE FROM throttle_passes WHERE key = ?", key);
      if (passed)
        db.run(
          "INSERT OR REPLACE INTO throttles (key, ends_at, passes) VALUES (?, ?, ?)",
          key,
          window.ends_at,
          window.passes,
        );
      db.run(
        "INSERT INTO throttle_passes (key, recipient_run_id, passed) VALUES (?, ?, ?)",
        key,
        recipient_run_id,
        passed ? 1 : 0,
      );
      return passed;
    }),
  );
}
