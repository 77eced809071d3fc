import { getErrorMessage } from "../../../errors/knock-error.js";
import type { DueTaskResult } from "../../../ports/due-work.js";

/** A failed job is forgotten after this time, because another worker may have repeated it. */
const MAX_FAILURE_AGE_MS = 15_000;
/** The lag may grow for this long while no job succeeds. A provider may take a minute to answer. */
const MAX_STALL_MS = 60_000;
/** A lag up to this is normal, in seconds. */
const MAX_NORMAL_LAG = 10;

interface Failure {
  message: string;
  at: number;
}

/** Returns the error of a job that could continue none of its runs, if the store may be the cause. */
export function findCommonError(result: DueTaskResult | null): Error | null {
  const common = result?.failures?.find(({ isCommon }) => isCommon);
  const hasSaved = Object.keys(result?.runs ?? {}).length > 0;
  return common === undefined || hasSaved ? null : new Error(common.error);
}

/** Finds out from its ended jobs and from the due work whether a worker makes progress. Times are in milliseconds. */
export class WorkProgress {
  /** The last job of each task, if it failed. */
  private readonly failures = new Map<string, Failure>();
  private progressedAt: number;
  private lag = 0;

  constructor(now: number) {
    this.progressedAt = now;
  }

  /** Records a job that ended; `error` is null if it succeeded. */
  noteJob(task: string, error: unknown, now: number): void {
    if (error !== null) {
      this.failures.set(task, { message: getErrorMessage(error), at: now });
      return;
    }
    this.failures.delete(task);
    this.progressedAt = now;
  }

  /** Records the age of the oldest due row, in seconds. If it decreases, some worker makes progress. */
  noteLag(lag: number, now: number): void {
    if (lag <= MAX_NORMAL_LAG || lag < this.lag) this.progressedAt = now;
    this.lag = lag;
  }

  /** Returns why the worker makes no progress, or null. */
  findProblem(now: number): string | null {
    for (const [task, { message, at }] of this.failures)
      if (now - at < MAX_FAILURE_AGE_MS) return `the last ${task} job failed: ${message}`;
    const stall = now - this.progressedAt;
    if (stall < MAX_STALL_MS) return null;
    return `work is due for ${Math.round(this.lag)} s, and no job has succeeded for ${Math.round(stall / 1_000)} s`;
  }
}
