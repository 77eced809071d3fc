import { messageOf } from "../errors/knock-error.js";
import type { HeldOccurrence, LocalOperations } from "../ports/operations.js";

/** Other processes may add due work to the same store; nobody tells, so look this often. */
const POLL_MS = 500;

export interface DueWorkerOptions {
  operations: LocalOperations;
  onHeld(held: HeldOccurrence): void;
  onError(error: unknown): void;
  /** Something may have been written. */
  onRan(): void;
}

/** Runs what falls due, as it falls due, while requests are answered. */
export class DueWorker {
  private readonly stopping = new AbortController();
  private readonly pauses = new Set<() => void>();
  /** Whatever moves runs or the clock goes one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  private readonly running: Promise<void>;

  constructor(private readonly options: DueWorkerOptions) {
    this.running = this.run();
  }

  /** Something may be due sooner than was known. */
  wake(): void {
    for (const end of [...this.pauses]) end();
  }

  /** Does something while nothing else falls due. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work, work);
    this.last = mine.catch(() => {});
    return mine;
  }

  /** True once nothing is due any more, false when the time is up. `timeout` in milliseconds. */
  async idle(timeout: number): Promise<boolean> {
    const { operations } = this.options;
    const deadline = Date.now() + timeout;
    for (;;) {
      await this.exclusively(() => operations.runDue({ signal: this.stopping.signal }));
      this.options.onRan();
      const due = await operations.nextDueIn();
      if (due === null || due > 0) return true;
      if (Date.now() >= deadline) return false;
      await this.pause(Math.min(20, Math.max(1, deadline - Date.now())));
    }
  }

  /** Ends after what is in hand. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
    await this.last;
  }

  private async run(): Promise<void> {
    const { operations, onHeld, onError, onRan } = this.options;
    const { signal } = this.stopping;
    let ran = Number.NEGATIVE_INFINITY;
    let failure = "";
    while (!signal.aborted) {
      let due: number | null = null;
      try {
        due = await operations.nextDueIn();
        // Asking costs one read, running several writes: after most requests nothing is due.
        if (due === 0 || performance.now() - ran >= POLL_MS) {
          await this.exclusively(() => operations.runDue({ signal, onHeld }));
          ran = performance.now();
          onRan();
          due = await operations.nextDueIn();
        }
        failure = "";
      } catch (error) {
        if (messageOf(error) !== failure) onError(error);
        failure = messageOf(error);
      }
      if (!signal.aborted) await this.pause(Math.max(1, Math.min(POLL_MS, due ?? POLL_MS)));
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.pauses.add(end);
    });
  }
}
