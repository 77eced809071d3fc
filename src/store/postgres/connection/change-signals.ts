import type { Client, Pool } from "pg";
import type { ChangeListener } from "../../../ports/store-control.js";
import { createClient } from "./create-client.js";

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
    let client: Client | undefined;
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    const listener = {
      isListening: false,
      async stop(): Promise<void> {
        isStopped = true;
        clearTimeout(timer);
        await client?.end().catch(() => {});
        listener.isListening = false;
      },
    };
    const reopen = (): void => {
      listener.isListening = false;
      clearTimeout(timer);
      if (!isStopped) timer = setTimeout(open, RETRY_MS).unref();
    };
    const open = async (): Promise<void> => {
      const opened = createClient(this.pool.options);
      client = opened;
      opened.on("error", () => {});
      opened.on("end", reopen);
      opened.on("notification", onChange);
      try {
        await opened.connect();
        await opened.query(`LISTEN ${CHANNEL}`);
        listener.isListening = true;
        // Something may have been written before.
        onChange();
      } catch {
        await opened.end().catch(() => {});
        // A client that never connected has no event "end".
        reopen();
      }
      if (isStopped) await opened.end().catch(() => {});
    };
    void open();
    return listener;
  }
}
