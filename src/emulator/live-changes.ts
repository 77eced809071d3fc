import type { Writable } from "node:stream";
import type { LocalOperations } from "../ports/operations.js";
import type { JsonObject } from "../util/json.js";
import type { StoreWatch } from "./store-watch.js";

/** Events are at least this far apart: who is told of each of a thousand changes asks a thousand times. */
const GAP_MS = 150;
/** Browsers come back this soon after the connection is lost, as by a restart. */
const RETRY_MS = 500;

/** The clock, and when something falls due next. */
export async function clockView(operations: LocalOperations): Promise<JsonObject> {
  const [clock, due] = await Promise.all([operations.readClock(), operations.nextDueAt()]);
  return { ...clock, next_due_at: due === null ? null : new Date(due).toISOString() };
}

/** Server-sent events for the page: that something changed, with the clock. What has changed the page then reads. */
export class LiveChanges {
  private readonly open = new Set<Writable>();

  constructor(
    private readonly operations: LocalOperations,
    private readonly store: StoreWatch,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Tells of changes until the reader leaves or {@link close} is called. */
  follow(reader: Writable): void {
    const { operations, store, onError, open } = this;
    let timer: NodeJS.Timeout | undefined;
    let toldAt = 0;
    const tell = async (): Promise<void> => {
      toldAt = Date.now();
      timer = undefined;
      try {
        const view = JSON.stringify(await clockView(operations));
        if (open.has(reader)) reader.write(`event: change\ndata: ${view}\n\n`);
      } catch (error) {
        onError(error);
      }
    };
    const unlisten = store.listen(() => {
      timer ??= setTimeout(() => void tell(), Math.max(0, GAP_MS - (Date.now() - toldAt)));
    });
    reader.once("close", () => {
      clearTimeout(timer);
      unlisten();
      open.delete(reader);
    });
    open.add(reader);
    reader.write(`retry: ${RETRY_MS}\n\n`);
    timer = setTimeout(() => void tell(), 0);
  }

  /** Ends every stream; readers come back to whoever listens then. */
  close(): void {
    for (const reader of this.open) reader.end();
  }
}
