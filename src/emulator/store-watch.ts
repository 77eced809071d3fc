import { messageOf } from "../errors/knock-error.js";
import type { LocalOperations } from "../ports/operations.js";

/** Whoever writes to the store, this process or another, nobody tells: so look this often while somebody listens. */
const POLL_MS = 25;
/** After a failure: it will most likely last. */
const PAUSE_MS = 500;

/** Tells whoever listens that the store may have changed. One look serves all; while nobody listens there is none. */
export class StoreWatch {
  private readonly listeners = new Set<() => void>();
  private running = false;
  private mark = "";
  private failure = "";

  constructor(
    private readonly operations: LocalOperations,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Calls `listener` after every change from now on, and may call it without one. Answers with what ends that. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    if (!this.running) void this.run();
    return () => {
      this.listeners.delete(listener);
    };
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.listeners.size > 0) {
      const wait = await this.look();
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    this.running = false;
  }

  /** Returns how long to wait for the next look. */
  private async look(): Promise<number> {
    try {
      const mark = await this.operations.changeMark();
      if (mark !== this.mark) for (const listener of [...this.listeners]) listener();
      this.mark = mark;
      this.failure = "";
      return POLL_MS;
    } catch (error) {
      if (messageOf(error) !== this.failure) this.onError(error);
      this.failure = messageOf(error);
      return PAUSE_MS;
    }
  }
}
