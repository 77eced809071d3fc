/** A run ends as failed after it was tried alone this many times. */
const MAX_ATTEMPTS = 3;
/** If more runs than this fail with one error, the error is not theirs. */
const MAX_ALIKE = 3;
/** Other runs must have been saved at most this long before, or after, the first failure. */
const RECENT_MS = 60_000;
/** The runs that are remembered. With more, the error is not theirs, so the oldest can be forgotten. */
const MAX_REMEMBERED = 1_000;

/** The consequence of a failure of a run. */
export interface FailureVerdict {
  /** Whether the run must end as failed: it failed repeatedly, other runs succeed, and few fail with the same error. */
  hasEnded: boolean;
  /** Whether so many runs fail with this error that it says more about the store than about them. */
  isCommon: boolean;
}

interface Failure {
  message: string;
  attempts: number;
  firstAt: number;
}

/**
 * Remembers the due work of this process that failed, such as runs that failed although they were tried alone. Tells a run that
 * causes its error from a store that fails for all of them: only the former may end as failed.
 */
export class WorkFailures {
  /** The tokens of claims that failed work could not release yet. */
  readonly abandonedClaims = new Set<string>();
  private readonly failures = new Map<string, Failure>();
  private lastSuccessAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly now: () => number) {}

  /** Records that runs were saved. */
  recordSuccess(ids: ReadonlySet<string>): void {
    if (ids.size === 0) return;
    this.lastSuccessAt = this.now();
    if (this.failures.size > 0) for (const id of ids) this.failures.delete(id);
  }

  /** Records that a run failed. */
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
    return { hasEnded: isRepeated && !isCommon, isCommon };
  }
}
