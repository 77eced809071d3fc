import { messageOf } from "../errors/knock-error.js";
import type { LocalOperations } from "../ports/operations.js";

/** Nobody tells when another process writes to the store: so look this often while somebody listens. */
const POLL_MS = 25;
/** However often it is told of a change: many changes are many requests, which wait while listeners read. */
const REST_MS = 4;
/** After a failure: it will most likely last. */
const PAUSE_MS = 500;

/** Tells whoever listens that the store may have changed. One look serves all; while nobody listens there is none. */
export class StoreWatch {
  private readonly listeners = new Set<() => void>();
  private running = false;
  private mark = "";
  private failure = "";
  /** This process has written since the last look. */
  private isTold = false;
  private endPause: (() => void) | undefined;

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

  /** This process may have written: no need to wait for the next look. */
  changed(): void {
    this.isTold = true;
    this.endPause?.();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.listeners.size > 0) {
      this.isTold = false;
      const wait = await this.look();
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      if (!this.isTold) await this.pause(wait - REST_MS);
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
