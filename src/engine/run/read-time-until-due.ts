import type { ClockStore } from "../../ports/clock-store.js";
import type { DueStore } from "../../ports/due-store.js";
import { type EngineContext, getClockTime } from "../context/engine-context.js";

/** Returns the milliseconds of real time until work is due, or null if none is pending or the clock is frozen. */
export async function readTimeUntilDue({ store }: EngineContext<ClockStore & DueStore>): Promise<number | null> {
  const [clock, due] = await Promise.all([store.readClock(), store.readNextDueAt()]);
  if (due === null) return null;
  const now = getClockTime(clock);
  if (due <= now) return 0;
  return clock.frozen_at === null ? due - now : null;
}
