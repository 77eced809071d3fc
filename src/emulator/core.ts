import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ListedKeys } from "./access/authenticate.js";
import { BulkOperations } from "./bulk-operations.js";
import { createListener } from "./create-listener.js";
import { DueWorker } from "./due-worker.js";
import type { CoreOptions } from "./emulator-options.js";
import { LiveChanges } from "./live-changes.js";
import { Realtime } from "./realtime/realtime.js";
import { StoreWatch } from "./store-watch.js";
import { Webhooks } from "./webhooks/webhooks.js";

/** The API over one store: what answers its requests and sockets, and runs its due work. */
export interface Core {
  /** Answers a request; `refusal` is what is wrong with it already. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse, refusal?: unknown): void;
  /** Opens a WebSocket, or refuses to. `onOpened` is called before the first frame. */
  openSocket(request: IncomingMessage, socket: Socket, head: Buffer, onOpened: () => void, refusal?: unknown): void;
  webhooks: Webhooks | null;
  /** Ends live streams at once, and sockets so that clients come back. */
  disconnect(): Promise<void>;
  /** Ends what runs; the operations stay open. */
  finish(): Promise<void>;
}

export function openCore(options: CoreOptions): Core {
  const { operations, onError } = options;
  const store = new StoreWatch(operations, onError);
  const worker = new DueWorker({ ...options, onRan: () => store.changed() });
  const written = (): void => {
    worker.wake();
    store.changed();
  };
  const bulk = new BulkOperations(operations, written, onError);
  const webhooks = options.webhooks && new Webhooks(options.webhooks, options);
  const live = new LiveChanges(operations, store, onError);
  const listed = new ListedKeys();
  const realtime = new Realtime(options, store, listed);
  return {
    answer: createListener({ ...options, worker, bulk, live, listed, webhooks, written }),
    openSocket: (...request) => realtime.open(...request),
    webhooks,
    async disconnect() {
      live.close();
      await realtime.close();
    },
    async finish() {
      await bulk.finish();
      await worker.stop();
      await webhooks?.stop();
    },
  };
}
