import { getErrorMessage } from "../errors/knock-error.js";
import type { LocalOperations } from "../ports/operations.js";

/** Nobody tells when another process writes to the store: so look this often while somebody listens. */
const POLL_MS = 25;
/** However often it is told of a change: many changes are many requests, which wait while listeners read. */
const MIN_POLL_INTERVAL_MS = 4;
/** After a failure: it will most likely last. */
const RETRY_DELAY_MS = 500;

/** Tells whoever listens that the store may have changed. One look serves all; while nobody listens there is none. */
export class StoreWatcher {
  private readonly listeners = new Set<() => void>();
  private running = false;
  private changeMark = "";
  private lastError = "";
  /** This process has written since the last look. */
  private hasLocalChange = false;
  private endPause: (() => void) | undefined;

  constructor(
    private readonly operations: LocalOperations,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Calls `listener` after every change from now on, and may call it without one. Answers with what ends that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    if (!this.running) void this.run();
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** This process may have written: no need to wait for the next look. */
  notifyChange(): void {
    this.hasLocalChange = true;
    this.endPause?.();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.listeners.size > 0) {
      this.hasLocalChange = false;
      const waitMs = await this.poll();
      await new Promise((resolve) => setTimeout(resolve, MIN_POLL_INTERVAL_MS));
      if (!this.hasLocalChange) await this.pause(waitMs - MIN_POLL_INTERVAL_MS);
    }
    this.running = false;
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.endPause = undefined;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.endPause = end;
    });
  }

  /** Returns how long to wait for the next look. */
  private async poll(): Promise<number> {
    try {
      const mark = await this.operations.readChangeToken();
      if (mark !== this.changeMark) for (const listener of [...this.listeners]) listener();
      this.changeMark = mark;
      this.lastError = "";
      return POLL_MS;
    } catch (error) {
      if (getErrorMessage(error) !== this.lastError) this.onError(error);
      this.lastError = getErrorMessage(error);
      return RETRY_DELAY_MS;
    }
  }
}
