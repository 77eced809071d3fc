import type { DueTaskResult } from "../../../ports/due-work.js";
import { toChannelFlag } from "./jobs.js";

/** After this many failed deliveries of a channel without a successful one, its jobs rest. */
const MAX_FAILURES = 10;
const REST_MS = 30_000;

interface ChannelState {
  running: number;
  failures: number;
  /** Real time of this process until which the channel's jobs rest. */
  restsUntil: number;
}

/**
 * Limits the jobs of each channel in a worker, so that a slow provider does not occupy all of them, and lets the channel of a
 * failing provider rest.
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
    if (result === null || result.deliveries === 0) return;
    state.failures = result.failedDeliveries < result.deliveries ? 0 : state.failures + result.failedDeliveries;
    if (state.failures < MAX_FAILURES) return;
    state.failures = 0;
    state.restsUntil = this.now() + REST_MS;
  }

  /** Returns the flags of jobs that must wait. */
  getSkippedFlags(): string[] {
    return [...this.channels]
      .filter(([, state]) => state.running >= this.maxRunning || state.restsUntil > this.now())
      .map(([channel]) => toChannelFlag(channel));
  }

  listResting(): string[] {
    return [...this.channels].filter(([, { restsUntil }]) => restsUntil > this.now()).map(([channel]) => channel);
  }

  private getState(channel: string): ChannelState {
    let state = this.channels.get(channel);
    if (state === undefined) {
      state = { running: 0, failures: 0, restsUntil: 0 };
      this.channels.set(channel, state);
    }
    return state;
  }
}
