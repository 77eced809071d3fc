import type { Writable } from "node:stream";
import type { LocalOperations } from "../ports/operations.js";
import { isoTime } from "../util/iso-time.js";
import type { JsonObject } from "../util/json.js";
import type { StoreWatch } from "./store-watch.js";

/** Events are at least this far apart: who is told of each of a thousand changes asks a thousand times. */
const GAP_MS = 150;
/** Browsers come back this soon after the connection is lost, as by a restart. */
const RETRY_MS = 500;

/** The clock, and when something falls due next. */
export async function clockView(operations: LocalOperations): Promise<JsonObject> {
  const [clock, due] = await Promise.all([operations.readClock(), operations.nextDueAt()]);
  return { ...clock, next_due_at: due === null ? null : isoTime(due) };
}

/** Server-sent events for the page: that something changed, with the clock. What has changed the page then reads. */
export class LiveChanges {
  /** Those who are told, each with what ends the telling. */
  private readonly open = new Map<Writable, () => void>();

  constructor(
    private readonly operations: LocalOperations,
    private readonly store: StoreWatch,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Tells of changes until the reader leaves, or is ended by what this answers with, or {@link close} is called. */
  follow(reader: Writable): () => void {
    const { operations, store, onError, open } = this;
    let timer: NodeJS.Timeout | undefined;
    let toldAt = 0;
    const tell = async (): Promise<void> => {
      // Who does not read learns of it all by one event later; no other is made ready until then.
      if (reader.writableNeedDrain) return void reader.once("drain", () => void tell());
      timer = undefined;
      toldAt = Date.now();
      try {
        const view = JSON.stringify(await clockView(operations));
        if (open.has(reader)) reader.write(`event: change\ndata: ${view}\n\n`);
      } catch (error) {
        onError(error);
      }
    };
    const tellSoon = (): void => {
      if (open.has(reader)) timer ??= setTimeout(() => void tell(), Math.max(0, GAP_MS - (Date.now() - toldAt)));
    };
    const unlisten = store.listen(tellSoon);
    const leave = (): void => {
      clearTimeout(timer);
      unlisten();
      open.delete(reader);
    };
    reader.once("close", leave);
    open.set(reader, leave);
    reader.write(`retry: ${RETRY_MS}\n\n`);
    timer = setTimeout(() => void tell(), 0);
    return () => this.end(reader);
  }

  /** Ends every stream; readers come back to whoever listens then. */
  close(): void {
    for (const reader of [...this.open.keys()]) this.end(reader);
  }

  private end(reader: Writable): void {
    this.open.get(reader)?.();
    reader.end();
  }
}
