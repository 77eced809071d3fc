import { getErrorMessage } from "../../../errors/knock-error.js";
import type { DueWork } from "../../../ports/due-work.js";
import type { AdvancedRun, BlockedOccurrence, LocalOperations } from "../../../ports/operations.js";
import { Pauses } from "../../../util/pauses.js";

/**
 * The interval at which the worker looks for due work that other processes have added, because they send no
 * notification.
 */
const POLL_MS = 500;
/**
 * The shortest time between two reads of the due time, unless work is due earlier. Every request wakes the worker, and
 * reading after each one would take 2% of a trigger's time. A trigger itself runs the work that it makes due at once.
 */
const MIN_POLL_INTERVAL_MS = 20;

/** The longest pause after an error. */
const RETRY_MS = 1_000;

interface PollingDueWorkOptions {
  operations: Pick<LocalOperations, "readTimeUntilDue" | "runDue">;
  /** False if workers of other processes run the work. Default: true. */
  runsDueWork?: boolean;
  onBlocked(held: BlockedOccurrence): void;
  onError(error: unknown): void;
  /** Called when due work has run, because it may have written to the store. */
  onRun(ran: readonly AdvancedRun[]): void;
}

/** Runs due work of a store that few processes share. It looks for work that other processes have added. */
export class PollingDueWork implements DueWork {
  private readonly stopping = new AbortController();
  private readonly pauses = new Pauses();
  /** Whether something may be due earlier than the last read of the due time found. */
  private isWoken = false;
  /** Whether the last read of the due time was only just now, so that the next one waits. */
  private isResting = false;
  /** A queue for everything that advances runs or moves the clock, so that only one such task runs at a time. */
  private queue: Promise<unknown> = Promise.resolve();
  private readonly loop: Promise<void>;

  constructor(private readonly options: PollingDueWorkOptions) {
    this.loop = options.runsDueWork === false ? Promise.resolve() : this.runLoop();
  }

  /** Ends the current pause, because something may be due earlier than known. */
  wake(): void {
    this.isWoken = true;
    if (!this.isResting) this.pauses.end();
  }

  /** Runs a task while no other due work runs. */
  async runExclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work, work);
    this.queue = result.catch(() => {});
    return result;
  }

  /** Runs due work until nothing is due. Returns false if the timeout, in milliseconds, passes first. */
  async waitUntilIdle(timeoutMs: number): Promise<boolean> {
    const { operations, runsDueWork = true } = this.options;
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      if (runsDueWork)
        this.options.onRun(await this.runExclusively(() => operations.runDue({ signal: this.stopping.signal })));
      const due = await operations.readTimeUntilDue();
      if (due === null || due > 0) return true;
      if (Date.now() >= deadline) return false;
      await this.pauses.wait(Math.min(20, Math.max(1, deadline - Date.now())));
    }
  }

  /** Stops after the current work. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.isWoken = true;
    this.pauses.end();
    await this.loop;
    await this.queue;
  }

  private async runLoop(): Promise<void> {
    const { operations, onBlocked, onError, onRun } = this.options;
    const { signal } = this.stopping;
    let lastRunAt = Number.NEGATIVE_INFINITY;
    let lastError = "";
    while (!signal.aborted) {
      let due: number | null = null;
      this.isWoken = false;
      try {
        due = await operations.readTimeUntilDue();
        // Reading the due time costs one read, and running due work costs several writes. After most requests nothing
        // is due.
        if (due === 0 || performance.now() - lastRunAt >= POLL_MS) {
          const ran = await this.runExclusively(() => operations.runDue({ signal, onBlocked }));
          lastRunAt = performance.now();
          onRun(ran);
          due = await operations.readTimeUntilDue();
        }
        lastError = "";
      } catch (error) {
        if (getErrorMessage(error) !== lastError) onError(error);
        lastError = getErrorMessage(error);
        due = RETRY_MS;
      }
      await this.pauseUntilDue(due ?? POLL_MS);
    }
  }

  /** Pauses until work is due, another process may have added some, or the worker was woken. */
  private async pauseUntilDue(due: number): Promise<void> {
    const rest = Math.min(MIN_POLL_INTERVAL_MS, due);
    this.isResting = true;
    if (!this.stopping.signal.aborted) await this.pauses.wait(rest);
    this.isResting = false;
    if (!this.isWoken) await this.pauses.wait(Math.min(POLL_MS, due) - rest);
  }
}
