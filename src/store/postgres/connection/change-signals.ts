import pg, { type Pool } from "pg";
import type { ChangeListener } from "../../../ports/store-control.js";

const CHANNEL = "knock_changes";
/**
 * The shortest time between two announcements of a process. Each takes a lock of the whole server when it is committed, so they are
 * not part of the transactions that write.
 */
const ANNOUNCE_INTERVAL_MS = 50;
/** The pause before the next attempt to listen. */
const RETRY_MS = 1_000;

/** Announces the writes of this process to those that listen, and listens to the others. */
export class ChangeSignals {
  private timer: NodeJS.Timeout | undefined;
  private isAsked = false;

  constructor(private readonly pool: Pool) {}

  /** Announces that something was written, unless that was announced just now. Then it is announced again a little later. */
  announce(): void {
    if (this.timer !== undefined) {
      this.isAsked = true;
      return;
    }
    // Those that listen also look for changes from time to time.
    this.pool.query(`NOTIFY ${CHANNEL}`).catch(() => {});
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const isAsked = this.isAsked && !this.pool.ending;
      this.isAsked = false;
      if (isAsked) this.announce();
    }, ANNOUNCE_INTERVAL_MS).unref();
  }

  /** Listens with a connection of its own, which is opened again when it is lost. */
  listen(onChange: () => void): ChangeListener {
    const options = this.pool.options;
    let client: pg.Client | undefined;
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    const listener = {
      isListening: false,
      async stop(): Promise<void> {
        isStopped = true;
        clearTimeout(timer);
        await client?.end().catch(() => {});
      },
    };
    const open = async (): Promise<void> => {
      const opened = new pg.Client(options);
      client = opened;
      opened.on("error", () => {});
      opened.on("end", () => {
        listener.isListening = false;
        if (!isStopped) timer = setTimeout(open, RETRY_MS).unref();
      });
      opened.on("notification", onChange);
      try {
        await opened.connect();
        await opened.query(`LISTEN ${CHANNEL}`);
        listener.isListening = true;
        // Something may have been written before.
        onChange();
      } catch {
        // The event "end" follows.
        await opened.end().catch(() => {});
      }
    };
    void open();
    return listener;
  }
}
