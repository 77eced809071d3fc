import type { DueTaskResult } from "../../../ports/due-work.js";
import { countDeliveryJobs } from "./job-pools.js";
import { toChannelFlag } from "./jobs.js";

/** After this many failed deliveries of a channel without a successful one, its jobs rest. */
const MAX_FAILURES = 10;
const REST_MS = 30_000;

/** Limits of a worker's jobs that deliver messages at the same time. */
interface DeliveryLimits {
  /** The maximum number of jobs of one channel. */
  perChannel: number;
  /** If all channels have this many jobs, only a channel without a job may begin one. */
  shared: number;
}

/** Returns the limits of a worker: half of its jobs for each channel, and three quarters of those that can deliver for all. */
export function planDeliveries(concurrency: number, perChannel = Math.floor(concurrency / 2)): DeliveryLimits {
  const deliveries = countDeliveryJobs(concurrency);
  return { perChannel: Math.max(1, perChannel), shared: Math.max(1, Math.floor((deliveries * 3) / 4)) };
}

interface ChannelState {
  running: number;
  /** The failed deliveries since the last successful one. */
  failures: number;
  /** Real time of this process until which the channel's jobs rest. */
  restsUntil: number;
  isRateLimited: boolean;
}

/**
 * Limits the jobs of the channels in a worker, so that slow providers do not occupy all of them, and lets the channel of a
 * failing provider rest. After a rest, one job at a time tries until a delivery succeeds.
 */
export class ChannelLimits {
  private readonly channels = new Map<string, ChannelState>();

  constructor(
    private readonly limits: DeliveryLimits,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Counts a job of a channel. Returns false, without counting it, if the limit is reached: several searches at the same time may
   * find more jobs than the limit allows.
   */
  tryBegin(channel: string): boolean {
    const state = this.getState(channel);
    if (this.isSkipped(state, this.countRunning())) return false;
    state.running++;
    return true;
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
    const total = this.countRunning();
    return [...this.channels]
      .filter(([, state]) => this.isSkipped(state, total))
      .map(([channel]) => toChannelFlag(channel));
  }

  listResting(): string[] {
    return [...this.channels].filter(([, { restsUntil }]) => restsUntil > this.now()).map(([channel]) => channel);
  }

  private countRunning(): number {
    return [...this.channels.values()].reduce((sum, { running }) => sum + running, 0);
  }

  /** Returns whether a channel may not begin a job while all channels have `total` jobs. */
  private isSkipped(state: ChannelState, total: number): boolean {
    return state.running >= this.getMaxRunning(state, total) || state.restsUntil > this.now();
  }

  /** A job of a channel with a rate limit delivers all that is due, and others would only wait with it. */
  private getMaxRunning({ failures, isRateLimited }: ChannelState, total: number): number {
    const isSingle = failures >= MAX_FAILURES || isRateLimited || total >= this.limits.shared;
    return isSingle ? 1 : this.limits.perChannel;
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
