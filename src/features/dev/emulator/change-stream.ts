import type { Writable } from "node:stream";
import type { LocalOperations } from "../../../ports/operations.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";
import type { StoreWatcher } from "./store-watcher.js";

/**
 * The shortest time between two events. A page requests its data after each event, so a thousand changes must not send
 * a thousand events.
 */
const MIN_EVENT_INTERVAL_MS = 150;
/** The time after which browsers reconnect when the connection is lost, for example by a restart. */
const RECONNECT_DELAY_MS = 500;

type ClockOperations = Pick<LocalOperations, "readClock" | "readNextDueAt">;

/** Returns the clock and the time of the next due work. */
export async function readClockView(operations: ClockOperations): Promise<JsonObject> {
  const [clock, due] = await Promise.all([operations.readClock(), operations.readNextDueAt()]);
  return { ...clock, next_due_at: due === null ? null : toIsoTime(due) };
}

/**
 * Server-sent events for the page. An event says that something changed and contains the clock; the page then reads its
 * data.
 */
export class ChangeStream {
  /** The open streams, each with the function that removes it. */
  private readonly readers = new Map<Writable, () => void>();

  constructor(
    private readonly operations: ClockOperations,
    private readonly store: StoreWatcher,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Sends changes until the client disconnects, the returned function is called, or {@link close} is called. */
  subscribe(reader: Writable): () => void {
    const { operations, store, onError, readers } = this;
    let timer: NodeJS.Timeout | undefined;
    let lastSentAt = 0;
    const sendChange = async (): Promise<void> => {
      // A client that does not read gets one event for all changes when it reads again.
      if (reader.writableNeedDrain) return void reader.once("drain", () => void sendChange());
      timer = undefined;
      lastSentAt = Date.now();
      try {
        const view = JSON.stringify(await readClockView(operations));
        if (readers.has(reader)) reader.write(`event: change\ndata: ${view}\n\n`);
      } catch (error) {
        onError(error);
      }
    };
    const scheduleChange = (): void => {
      if (readers.has(reader))
        timer ??= setTimeout(() => void sendChange(), Math.max(0, MIN_EVENT_INTERVAL_MS - (Date.now() - lastSentAt)));
    };
    const unsubscribe = store.subscribe(scheduleChange);
    const removeReader = (): void => {
      clearTimeout(timer);
      unsubscribe();
      readers.delete(reader);
    };
    reader.once("close", removeReader);
    readers.set(reader, removeReader);
    reader.write(`retry: ${RECONNECT_DELAY_MS}\n\n`);
    timer = setTimeout(() => void sendChange(), 0);
    return () => this.end(reader);
  }

  /** Ends every stream. Clients reconnect to the server that then listens. */
  close(): void {
    for (const reader of [...this.readers.keys()]) this.end(reader);
  }

  private end(reader: Writable): void {
    this.readers.get(reader)?.();
    reader.end();
  }
}
