import { getErrorMessage } from "../../../errors/knock-error.js";
import type { LocalOperations } from "../../../ports/operations.js";

/**
 * The interval of checks while there are listeners, because other processes write to the store without a notification.
 */
const POLL_MS = 25;
/**
 * The shortest time between two checks, even if many changes are reported. Many changes come from many requests, which
 * would wait while listeners read the store.
 */
const MIN_POLL_INTERVAL_MS = 4;
/** The pause after an error, which usually repeats. */
const RETRY_DELAY_MS = 500;

/**
 * Notifies listeners when the store may have changed. One check serves all listeners, and without listeners there are
 * none.
 */
export class StoreWatcher {
  private readonly listeners = new Set<() => void>();
  private running = false;
  private changeToken = "";
  private lastError = "";
  /** Whether this process has written since the last check. */
  private hasLocalChange = false;
  private endPause: (() => void) | undefined;

  constructor(
    private readonly operations: Pick<LocalOperations, "readChangeToken">,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Calls `listener` after every later change, and possibly without one. Returns a function that ends the subscription.
   */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    if (!this.running) void this.run();
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Starts the next check early, because this process may have written. */
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

  /** Checks the store. Returns the milliseconds until the next check. */
  private async poll(): Promise<number> {
    try {
      const token = await this.operations.readChangeToken();
      if (token !== this.changeToken) for (const listener of [...this.listeners]) listener();
      this.changeToken = token;
      this.lastError = "";
      return POLL_MS;
    } catch (error) {
      if (getErrorMessage(error) !== this.lastError) this.onError(error);
      this.lastError = getErrorMessage(error);
      return RETRY_DELAY_MS;
    }
  }
}
