import type { ClockReading, ClockSetting, ClockStore } from "../../ports/clock-store.js";
import type { Claim, DueKind } from "../../ports/due-store.js";
import { type EngineContext, getClockTime } from "../context/engine-context.js";

/**
 * The store's clock while it moves. It stops at each moment at which work is due, and is written before that work changes anything, so
 * that other processes see the same time.
 */
export class MovingClock {
  /** The moment that the move has reached. */
  now: number;
  private readonly startedAt: number;
  private isWritten = true;

  /** `until` is the last moment of the move. */
  constructor(
    private readonly context: EngineContext<ClockStore>,
    private readonly before: ClockReading,
    private readonly until: number,
  ) {
    this.now = getClockTime(before);
    this.startedAt = context.realNow();
  }

  /** The store's real time. */
  get realNow(): number {
    return this.before.real_now + this.context.realNow() - this.startedAt;
  }

  /** Returns the setting with which it is `time` now, frozen or running as before. */
  toSetting(time: number, realNow = this.realNow): ClockSetting {
    const { frozen_at, offset_ms } = this.before;
    return frozen_at === null ? { offset_ms: time - realNow, frozen_at } : { offset_ms, frozen_at: time };
  }

  /** Moves to the next moment with due work, which the store sees with the first claim of this work. */
  stopAt(time: number): void {
    this.now = Math.max(this.now, time);
    this.isWritten = false;
  }

  /** Moves to the last moment of a claim. The setting must be saved together with the advances of the claim. */
  reach(time: number): ClockSetting {
    this.now = time;
    return this.toSetting(time);
  }

  /**
   * Writes the moment before a claim. If only runs are due, they write it in the transaction of their claim, which may then also
   * contain runs of later moments.
   */
  async prepareClaim(claim: Claim, due: ReadonlySet<DueKind>): Promise<void> {
    const hasOnlyRuns = due.size === 1 && due.has("runs");
    if (hasOnlyRuns) claim.until = this.until;
    if (this.isWritten) return;
    this.isWritten = true;
    if (hasOnlyRuns) claim.clock = this.toSetting(this.now);
    else await this.context.store.writeClock(this.toSetting(this.now));
  }
}
