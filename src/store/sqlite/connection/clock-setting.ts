import type { ClockSetting } from "../../../ports/clock.js";
import type { Connection } from "./connection.js";

export function selectClock(db: Connection): ClockSetting {
  const row = db.get<ClockSetting>("SELECT offset_ms, frozen_at FROM clock WHERE row = 1");
  return { offset_ms: row?.offset_ms ?? 0, frozen_at: row?.frozen_at ?? null };
}

export function readClock(db: Connection): ClockSetting {
  return db.single(() => selectClock(db));
}

export function writeClock(db: Connection, { offset_ms, frozen_at }: ClockSetting): void {
  db.write(() =>
    db.run("INSERT OR REPLACE INTO clock (row, offset_ms, frozen_at) VALUES (1, ?, ?)", offset_ms, frozen_at),
  );
}
