import { getErrorMessage } from "../errors/knock-error.js";
import type { BlockedOccurrence, LocalOperations } from "../ports/operations.js";

/** Other processes may add due work to the same store; nobody tells, so look this often. */
const POLL_MS = 500;

interface DueWorkerOptions {
  operations: LocalOperations;
  onHeld(held: BlockedOccurrence): void;
  onError(error: unknown): void;
  /** Something may have been written. */
  onRun(): void;
}

/** Runs what falls due, as it falls due, while requests are answered. */
export class DueWorker {
  private readonly stopping = new AbortController();
  private readonly pauseEnders = new Set<() => void>();
  /** Whatever moves runs or the clock goes one after the other. */
  private queue: Promise<unknown> = Promise.resolve();
  private readonly loop: Promise<void>;

  constructor(private readonly options: DueWorkerOptions) {
    this.loop = this.runLoop();
  }

  /** Something may be due sooner than was known. */
  wake(): void {
    for (const end of [...this.pauseEnders]) end();
  }

  /** Does something while nothing else falls due. */
  async runExclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work, work);
    this.queue = result.catch(() => {});
    return result;
  }

  /** True once nothing is due any more, false when the time is up. `timeout` in milliseconds. */
  async waitUntilIdle(timeoutMs: number): Promise<boolean> {
    const { operations } = this.options;
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      await this.runExclusively(() => operations.runDue({ signal: this.stopping.signal }));
      this.options.onRun();
      const due = await operations.readTimeUntilDue();
      if (due === null || due > 0) return true;
      if (Date.now() >= deadline) return false;
      await this.pause(Math.min(20, Math.max(1, deadline - Date.now())));
    }
  }

  /** Ends after what is in hand. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
    await this.queue;
  }

  private async runLoop(): Promise<void> {
    const { operations, onHeld, onError, onRun } = this.options;
    const { signal } = this.stopping;
    let lastRunAt = Number.NEGATIVE_INFINITY;
    let lastError = "";
    while (!signal.aborted) {
      let due: number | null = null;
      try {
        due = await operations.readTimeUntilDue();
        // Asking costs one read, running several writes: after most requests nothing is due.
        if (due === 0 || performance.now() - lastRunAt >= POLL_MS) {
          await this.runExclusively(() => operations.runDue({ signal, onBlocked: onHeld }));
          lastRunAt = performance.now();
          onRun();
          due = await operations.readTimeUntilDue();
        }
        lastError = "";
      } catch (error) {
        if (getErrorMessage(error) !== lastError) onError(error);
        lastError = getErrorMessage(error);
      }
      if (!signal.aborted) await this.pause(Math.max(1, Math.min(POLL_MS, due ?? POLL_MS)));
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.pauseEnders.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.pauseEnders.add(end);
    });
  }
}
