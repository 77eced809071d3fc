import type { ThrottlePass } from "../../../ports/store.js";
import type { Connection } from "../connection/connection.js";

interface ThrottleRow {
  ends_at: number;
  passes: number;
}

/**
 * Which runs pass their throttle (E-284 to E-292): the first opens a window of fixed length; within it, as many pass as
 * its limit says. The same run asking again gets the same answer, so that a crash between the pass and what follows it
 * costs no slot.
 */
export function passThrottles(db: Connection, asked: readonly ThrottlePass[], now: number): boolean[] {
  return db.write(() =>
    asked.map(({ key, recipient_run_id, limit, window_ms }) => {
      const known = db.get<{ passed: number }>(
        "SELECT passed FROM throttle_passes WHERE key = ? AND recipient_run_id = ?",
        key,
        recipient_run_id,
      );
      if (known !== undefined) return known.passed === 1;
      const open = db.get<ThrottleRow>("SELECT ends_at, passes FROM throttles WHERE key = ?", key);
      const isOpen = open !== undefined && now < open.ends_at;
      const passed = !isOpen || open.passes < limit;
      if (!isOpen) {
        db.run("DELETE FROM throttle_passes WHERE key = ?", key);
        db.run("INSERT OR REPLACE INTO throttles (key, ends_at, passes) VALUES (?, ?, 1)", key, now + window_ms);
      } else if (passed) {
        db.run("UPDATE throttles SET passes = passes + 1 WHERE key = ?", key);
      }
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
