import type { Reason } from "../../domain/run/outcome.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { DueStore } from "../../ports/due-store.js";

/** Work that cannot be saved is tried again after this time. */
export const RETRY_MS = 2_000;
/** Work ends as failed after it was tried alone this many times. */
const MAX_ATTEMPTS = 3;
/** If more than this fail with one error, the error is not theirs. */
const MAX_ALIKE = 3;
/** Others must have been saved at most this long before, or after, the first failure. */
const RECENT_MS = 60_000;
/** The failures that are remembered. With more, the error is not theirs, so the oldest can be forgotten. */
const MAX_REMEMBERED = 1_000;

/** The consequence of a failure. */
export interface FailureVerdict {
  /** Whether the work must end as failed: it failed repeatedly, others succeed, and few fail with the same error. */
  hasEnded: boolean;
  /** Whether so many fail with this error that it says more about the store than about them. */
  isCommon: boolean;
  /** How often it failed with this error. */
  attempt: number;
}

interface Failure {
  message: string;
  attempts: number;
  firstAt: number;
}

/**
 * Remembers the work of one kind that failed although it was tried alone, by the ids of its rows. Tells work that causes its error
 * from a store that fails for all of it: only the former may end as failed.
 */
class FailedWork {
  private readonly failures = new Map<string, Failure>();
  private lastSuccessAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly now: () => number) {}

  recordSuccess(ids: Iterable<string>): void {
    for (const id of ids) {
      this.lastSuccessAt = this.now();
      if (this.failures.size === 0) return;
      this.failures.delete(id);
    }
  }

  recordFailure(id: string, message: string): FailureVerdict {
    const before = this.failures.get(id);
    const failure =
      before?.message === message
        ? { ...before, attempts: before.attempts + 1 }
        : { message, attempts: 1, firstAt: this.now() };
    this.failures.delete(id);
    this.failures.set(id, failure);
    const [oldest] = this.failures.keys();
    if (this.failures.size > MAX_REMEMBERED && oldest !== undefined) this.failures.delete(oldest);
    const isCommon = [...this.failures.values()].filter((other) => other.message === message).length > MAX_ALIKE;
    const isRepeated = failure.attempts >= MAX_ATTEMPTS && this.lastSuccessAt >= failure.firstAt - RECENT_MS;
    return { hasEnded: isRepeated && !isCommon, isCommon, attempt: failure.attempts };
  }
}

/** Remembers the due work of this process that failed. */
export class WorkFailures {
  /** The tokens of claims of work in progress. */
  readonly heldClaims = new Set<string>();
  /** The tokens of claims that failed work could not release yet. */
  readonly abandonedClaims = new Set<string>();
  readonly runs: FailedWork;
  readonly messages: FailedWork;
  /** Work that starts runs: schedules, fan-outs and user changes. */
  readonly starts: FailedWork;

  constructor(now: () => number) {
    this.runs = new FailedWork(now);
    this.messages = new FailedWork(now);
    this.starts = new FailedWork(now);
  }
}

/**
 * Does work for all items. If it fails because of one of them, does it for halves, down to single items, and returns those that
 * fail alone. Throws transient errors.
 */
export async function doInParts<T>(
  store: Pick<DueStore, "isTransient">,
  items: readonly T[],
  work: (part: readonly T[]) => Promise<void>,
): Promise<{ item: T; error: unknown }[]> {
  if (items.length === 0) return [];
  try {
    await work(items);
    return [];
  } catch (error) {
    if (store.isTransient(error)) throw error;
    if (items.length === 1) return [{ item: items[0] as T, error }];
    const middle = Math.ceil(items.length / 2);
    const first = await doInParts(store, items.slice(0, middle), work);
    return [...first, ...(await doInParts(store, items.slice(middle), work))];
  }
}

/**
 * Starts runs that others must not wait for. Returns the error if that fails: it is tried again when its lease ends. If it must end,
 * `start` is called with the reason with which the runs fail. Throws transient errors, and those that many have in common.
 */
export async function startAlone<T>(
  { store, workFailures: { starts } }: { store: Pick<DueStore, "isTransient">; workFailures: WorkFailures },
  id: string,
  start: (failure?: Reason) => Promise<T>,
): Promise<{ started: T } | { error: Error }> {
  try {
    const started = await start();
    starts.recordSuccess([id]);
    return { started };
  } catch (error) {
    if (store.isTransient(error)) throw error;
    const detail = getErrorMessage(error);
    const { hasEnded, isCommon } = starts.recordFailure(id, detail);
    if (isCommon) throw error;
    if (hasEnded) return { started: await start({ code: "internal_error", detail }) };
    return { error: new Error(detail, { cause: error }) };
  }
}
