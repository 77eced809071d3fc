import { getErrorMessage } from "../../../errors/knock-error.js";
import type { LocalOperations } from "../../../ports/operations.js";
import type { ChangeListener, StoreControl } from "../../../ports/store-control.js";
import { Pauses } from "../../../util/pauses.js";

/** The interval of checks while there are listeners, if other processes write to the store without a notification. */
const POLL_MS = 25;
/** The interval if a database announces what other processes have written, in case an announcement is lost. */
const ANNOUNCED_POLL_MS = 1_000;
/** The interval while the announcements of a database are not received. */
const UNANNOUNCED_POLL_MS = 250;
/**
 * The shortest time between two checks, even if many changes are reported. Many changes come from many requests, which
 * would wait while listeners read the store.
 */
const MIN_POLL_INTERVAL_MS = 4;
/** The pause after an error, which usually repeats. */
const RETRY_DELAY_MS = 500;

function toPollInterval(announcements: ChangeListener | null): number {
  if (announcements === null) return POLL_MS;
  return announcements.isListening ? ANNOUNCED_POLL_MS : UNANNOUNCED_POLL_MS;
}

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
  private readonly pauses = new Pauses();

  constructor(
    private readonly operations: Pick<LocalOperations, "readChangeToken">,
    private readonly onError: (error: unknown) => void,
    private readonly listen: StoreControl["listenForChanges"] = () => null,
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
    this.pauses.end();
  }

  private async run(): Promise<void> {
    this.running = true;
    const announcements = this.listen(() => this.notifyChange());
    while (this.listeners.size > 0) {
      this.hasLocalChange = false;
      const waitMs = await this.poll();
      await new Promise((resolve) => setTimeout(resolve, MIN_POLL_INTERVAL_MS));
      if (!this.hasLocalChange)
        await this.pauses.wait((waitMs ?? toPollInterval(announcements)) - MIN_POLL_INTERVAL_MS);
    }
    await announcements?.stop();
    this.running = false;
    // A listener may have come while the announcements were stopped.
    if (this.listeners.size > 0) void this.run();
  }

  /** Checks the store. Returns the milliseconds until the next check after an error, and null otherwise. */
  private async poll(): Promise<number | null> {
    try {
      const token = await this.operations.readChangeToken();
      if (token !== this.changeToken) for (const listener of [...this.listeners]) listener();
      this.changeToken = token;
      this.lastError = "";
      return null;
    } catch (error) {
      if (getErrorMessage(error) !== this.lastError) this.onError(error);
      this.lastError = getErrorMessage(error);
      return RETRY_DELAY_MS;
    }
  }
}
