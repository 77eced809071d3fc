import { randomUUID } from "node:crypto";
import type { Client, Pool } from "pg";
import type { ChangeListener } from "../../../ports/store-control.js";
import { stringify } from "../../rows/json-column.js";
import { createClient } from "./create-client.js";

const CHANNEL = "knock_changes";
const TEXTS_CHANNEL = "knock_texts";
/** Texts of this time are sent together. */
const SEND_PAUSE_MS = 20;
/** A notification may have less than 8,000 bytes. */
const MAX_TEXTS_BYTES = 7_000;
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
  private texts: string[] = [];
  /** Identifies what this process has sent. */
  private readonly id = randomUUID();

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

  /** Sends a text to the other processes that listen, a little later. It may be lost. */
  sendToOthers(text: string): void {
    if (this.texts.length === 0) setTimeout(() => this.sendTexts(), SEND_PAUSE_MS).unref();
    this.texts.push(text);
  }

  private sendTexts(): void {
    let part: string[] = [];
    const send = (): void => {
      const payload = stringify({ from: this.id, texts: part });
      this.pool.query("SELECT pg_notify($1, $2)", [TEXTS_CHANNEL, payload]).catch(() => {});
      part = [];
    };
    for (const text of this.texts) {
      if (Buffer.byteLength(stringify([...part, text])) > MAX_TEXTS_BYTES) send();
      part.push(text);
    }
    send();
    this.texts = [];
  }

  /** Listens with a connection of its own, which is opened again when it is lost. */
  listen(onChange: () => void, onText: (text: string) => void = () => {}): ChangeListener {
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
      opened.on("notification", ({ channel, payload = "" }) => {
        if (channel === CHANNEL) return onChange();
        const { from, texts } = JSON.parse(payload) as { from: string; texts: string[] };
        if (from !== this.id) for (const text of texts) onText(text);
      });
      try {
        await opened.connect();
        await opened.query(`LISTEN ${CHANNEL}; LISTEN ${TEXTS_CHANNEL}`);
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
