import type { DueTaskResult } from "../../../ports/due-work.js";
import { toChannelFlag } from "./jobs.js";

/** After this many failed deliveries of a channel without a successful one, its jobs rest. */
const MAX_FAILURES = 10;
const REST_MS = 30_000;

interface ChannelState {
  running: number;
  /** The failed deliveries since the last successful one. */
  failures: number;
  /** Real time of this process until which the channel's jobs rest. */
  restsUntil: number;
  isRateLimited: boolean;
}

/**
 * Limits the jobs of each channel in a worker, so that a slow provider does not occupy all of them, and lets the channel of a
 * failing provider rest. After a rest, one job at a time tries until a delivery succeeds.
 */
export class ChannelLimits {
  private readonly channels = new Map<string, ChannelState>();

  constructor(
    private readonly maxRunning: number,
    private readonly now: () => number = Date.now,
  ) {}

  begin(channel: string): void {
    this.getState(channel).running++;
  }

  end(channel: string, result: DueTaskResult | null): void {
    const state = this.getState(channel);
    state.running--;
    if (result === null) return;
    state.isRateLimited = result.isRateLimited ?? false;
    if (result.deliveries === 0) return;
    if (result.failedDeliveries < result.deliveries) {
      state.failures = 0;
      state.restsUntil = 0;
      return;
    }
    state.failures += result.failedDeliveries;
    if (state.failures >= MAX_FAILURES) state.restsUntil = this.now() + REST_MS;
  }

  /** Returns the flags of jobs that must wait. */
  getSkippedFlags(): string[] {
    return [...this.channels]
      .filter(([, state]) => state.running >= this.getMaxRunning(state) || state.restsUntil > this.now())
      .map(([channel]) => toChannelFlag(channel));
  }

  listResting(): string[] {
    return [...this.channels].filter(([, { restsUntil }]) => restsUntil > this.now()).map(([channel]) => channel);
  }

  /** A job of a channel with a rate limit delivers all that is due, and others would only wait with it. */
  private getMaxRunning({ failures, isRateLimited }: ChannelState): number {
    return failures >= MAX_FAILURES || isRateLimited ? 1 : this.maxRunning;
  }

  private getState(channel: string): ChannelState {
    let state = this.channels.get(channel);
    if (state === undefined) {
      state = { running: 0, failures: 0, restsUntil: 0, isRateLimited: false };
      this.channels.set(channel, state);
    }
    return state;
  }
}
