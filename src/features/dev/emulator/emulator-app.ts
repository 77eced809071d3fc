import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { KnownKeys } from "./access/authenticate.js";
import { BulkOperations } from "./bulk-operations.js";
import { ChangeStream } from "./change-stream.js";
import { createRequestListener } from "./create-request-listener.js";
import type { EmulatorAppOptions } from "./emulator-options.js";
import { formatFeedRead, parseFeedRead } from "./http/feed-read.js";
import { PollingDueWork } from "./polling-due-work.js";
import { RealtimeServer } from "./realtime/realtime-server.js";
import { Snapshots } from "./snapshots.js";
import { StoreWatcher } from "./store-watcher.js";
import { Webhooks } from "./webhooks/webhooks.js";

/** The API over one store: it serves requests and WebSockets and runs due work. */
export interface EmulatorApp {
  /** Resolves once requests are served. Until then they wait, because their changes would be missing in webhooks. */
  started: Promise<void>;
  /** Serves a request. `rejection` is the reason to reject it, if it is already known. */
  handleRequest(incoming: IncomingMessage, outgoing: ServerResponse, rejection?: unknown): void;
  /**
   * Opens a WebSocket or rejects it. `onOpened` is called before the first frame. `rejection` is the reason to reject it,
   * if it is already known.
   */
  openSocket(request: IncomingMessage, socket: Socket, head: Buffer, onOpened: () => void, rejection?: unknown): void;
  webhooks: Webhooks | null;
  /** Ends event streams and closes WebSockets with a code that makes clients reconnect. */
  disconnect(): Promise<void>;
  /** Finishes running work. The operations stay open. */
  finish(): Promise<void>;
}

export function createEmulatorApp(options: EmulatorAppOptions): EmulatorApp {
  const { operations, onError } = options;
  const storeWatcher = new StoreWatcher(operations, onError, (onChange) =>
    options.store.listenForChanges(onChange, (text) => realtime.noteFeedRead(parseFeedRead(text))),
  );
  const worker = new PollingDueWork({ ...options, onRun: () => storeWatcher.notifyChange() });
  const onWrite = (): void => {
    worker.wake();
    storeWatcher.notifyChange();
  };
  const bulkOperations = new BulkOperations(operations, onWrite, onError, options.publicApi ? options.store : null);
  const webhooks = options.webhooks && new Webhooks(options.webhooks, options);
  const changeStream = new ChangeStream(operations, storeWatcher, onError);
  const knownKeys = new KnownKeys();
  const realtime = new RealtimeServer(options, storeWatcher, options.publicApi?.keys ?? knownKeys);
  const handleRequest = createRequestListener({
    ...options,
    worker,
    bulkOperations,
    changeStream,
    knownKeys,
    webhooks,
    snapshots: new Snapshots(options),
    onRestored: () => realtime.announceFeeds(),
    onWrite,
    onFeedRead(read) {
      realtime.noteFeedRead(read);
      // The client's socket may be open at another server.
      if (options.publicApi) options.store.sendToOthers(formatFeedRead(read));
    },
  });
  const started = webhooks?.started ?? Promise.resolve();
  let isStarted = webhooks === null;
  void started.then(() => {
    isStarted = true;
  });
  return {
    started,
    handleRequest(...request) {
      if (isStarted) handleRequest(...request);
      else void started.then(() => handleRequest(...request));
    },
    openSocket: (...request) => realtime.open(...request),
    webhooks,
    async disconnect() {
      changeStream.close();
      await realtime.close();
    },
    async finish() {
      await bulkOperations.waitUntilDone();
      await worker.stop();
      await webhooks?.stop();
    },
  };
}
