import type { Writable } from "node:stream";
import type { LocalOperations } from "../ports/operations.js";
import { toIsoTime } from "../util/iso-time.js";
import type { JsonObject } from "../util/json.js";
import type { StoreWatcher } from "./store-watcher.js";

/** Events are at least this far apart: who is told of each of a thousand changes asks a thousand times. */
const MIN_EVENT_INTERVAL_MS = 150;
/** Browsers come back this soon after the connection is lost, as by a restart. */
const RECONNECT_DELAY_MS = 500;

/** The clock, and when something falls due next. */
export async function readClockView(operations: LocalOperations): Promise<JsonObject> {
  const [clock, due] = await Promise.all([operations.readClock(), operations.readNextDueAt()]);
  return { ...clock, next_due_at: due === null ? null : toIsoTime(due) };
}

/** Server-sent events for the page: that something changed, with the clock. What has changed the page then reads. */
export class ChangeStream {
  /** Those who are told, each with what ends the telling. */
  private readonly readers = new Map<Writable, () => void>();

  constructor(
    private readonly operations: LocalOperations,
    private readonly store: StoreWatcher,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Tells of changes until the reader leaves, or is ended by what this answers with, or {@link close} is called. */
  subscribe(reader: Writable): () => void {
    const { operations, store, onError, readers: open } = this;
    let timer: NodeJS.Timeout | undefined;
    let lastSentAt = 0;
    const sendChange = async (): Promise<void> => {
      // Who does not read learns of it all by one event later; no other is made ready until then.
      if (reader.writableNeedDrain) return void reader.once("drain", () => void sendChange());
      timer = undefined;
      lastSentAt = Date.now();
      try {
        const view = JSON.stringify(await readClockView(operations));
        if (open.has(reader)) reader.write(`event: change\ndata: ${view}\n\n`);
      } catch (error) {
        onError(error);
      }
    };
    const scheduleChange = (): void => {
      if (open.has(reader))
        timer ??= setTimeout(() => void sendChange(), Math.max(0, MIN_EVENT_INTERVAL_MS - (Date.now() - lastSentAt)));
    };
    const unsubscribe = store.subscribe(scheduleChange);
    const removeReader = (): void => {
      clearTimeout(timer);
      unsubscribe();
      open.delete(reader);
    };
    reader.once("close", removeReader);
    open.set(reader, removeReader);
    reader.write(`retry: ${RECONNECT_DELAY_MS}\n\n`);
    timer = setTimeout(() => void sendChange(), 0);
    return () => this.end(reader);
  }

  /** Ends every stream; readers come back to whoever listens then. */
  close(): void {
    for (const reader of [...this.readers.keys()]) this.end(reader);
  }

  private end(reader: Writable): void {
    this.readers.get(reader)?.();
    reader.end();
  }
}
