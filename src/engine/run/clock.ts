import { KnockError } from "../../errors/knock-error.js";
import type { ClockSetting } from "../../ports/clock.js";
import type { AdvancedRun, ClockMoveOptions, ClockState } from "../../ports/operations.js";
import { type EngineContext, timeOf } from "../context/engine-context.js";
import { runDueAt } from "./due-work.js";
import { type HeldSchedule, heldOccurrence, releaseSchedules } from "./run-schedules.js";

export function clockState(setting: ClockSetting, realNow: number): ClockState {
  const now = timeOf(setting, realNow);
  return {
    now: new Date(now).toISOString(),
    frozen: setting.frozen_at !== null,
    offset_ms: setting.frozen_at === null ? setting.offset_ms : now - realNow,
  };
}

/** The setting that makes it `time` now, frozen or going on as before. */
function settingFor(time: number, before: ClockSetting, realNow: number): ClockSetting {
  return before.frozen_at === null ? { offset_ms: time - realNow, frozen_at: null } : { ...before, frozen_at: time };
}

/** Stops the clock at a time, or where it is. */
export async function freezeClock(context: EngineContext, at: number | null): Promise<ClockState> {
  const realNow = context.realNow();
  const before = await context.store.readClock();
  const now = timeOf(before, realNow);
  if (at !== null && at < now)
    throw backward(at, now, "knock clock set … --force moves it back, knock clock reset returns to real time.");
  const setting: ClockSetting = { offset_ms: before.offset_ms, frozen_at: at ?? now };
  await context.store.writeClock(setting);
  return clockState(setting, realNow);
}

export async function resetClock(context: EngineContext): Promise<ClockState> {
  const setting: ClockSetting = { offset_ms: 0, frozen_at: null };
  await context.store.writeClock(setting);
  return clockState(setting, context.realNow());
}

function backward(to: number, now: number, hint: string): KnockError {
  return new KnockError(
    "usage",
    `the clock stands at ${new Date(now).toISOString()}; ${new Date(to).toISOString()} is before that`,
    { hint },
  );
}

/**
 * Moves the store's clock to `asked`. On the way, whatever falls due runs at its own time, in order: the clock is set to
 * each such moment before its runs advance, so that another process sees the same time. A schedule whose workflow cannot
 * be read stays due, and `onHeld` hears of it.
 */
export async function moveClock(
  context: EngineContext,
  asked: number,
  options: ClockMoveOptions,
): Promise<ClockState & { ran: AdvancedRun[] }> {
  const { store } = context;
  const before = await store.readClock();
  let now = timeOf(before, context.realNow());
  const ran: AdvancedRun[] = [];
  const held: HeldSchedule[] = []; // until the end: let go of, it would be due again at once
  const to = options.fromNow ? Math.max(now, asked) : asked;
  if (to < now) {
    if (!options.force) throw backward(to, now, "Use --force to move it back; what already ran stays as it is.");
  } else {
    // Work that another process holds is left to it.
    const nextAt = () => store.nextDueAt({ unleased: true });
    for (let next = await nextAt(); next !== null && next <= to && !options.signal?.aborted; next = await nextAt()) {
      now = Math.max(now, next);
      await store.writeClock(settingFor(now, before, context.realNow()));
      ran.push(...(await runDueAt(context, now, { signal: options.signal, onHeld: (one) => held.push(one) })));
    }
  }
  for (const one of held) options.onHeld?.(heldOccurrence(one));
  await releaseSchedules(context, held);
  const realNow = context.realNow();
  const setting = settingFor(options.signal?.aborted ? now : to, before, realNow);
  await store.writeClock(setting);
  return { ...clockState(setting, realNow), ran };
}
