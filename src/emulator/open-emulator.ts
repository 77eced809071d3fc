import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KnockError, messageOf } from "../errors/knock-error.js";
import type { JsonObject } from "../util/json.js";
import { ListedKeys } from "./access/authenticate.js";
import { BulkOperations } from "./bulk-operations.js";
import { createListener } from "./create-listener.js";
import { DueWorker } from "./due-worker.js";
import type { EmulatorOptions } from "./emulator-options.js";
import { Connections } from "./http/connections.js";
import { LiveChanges } from "./live-changes.js";
import { Realtime } from "./realtime/realtime.js";
import { StoreWatch } from "./store-watch.js";
import { Webhooks } from "./webhooks/webhooks.js";

export interface Emulator {
  /** `http://127.0.0.1:8484`. */
  url: string;
  port: number;
  /** Tells webhooks of something that happened outside the store. */
  publish(type: string, document: JsonObject): Promise<void>;
  /** Takes no more requests, answers those in hand, and ends what runs; the operations stay open. */
  close(): Promise<void>;
}

/** Who sends slower than this is cut off with a 408. */
const SLOW = { headers_ms: 10_000, request_ms: 60_000 };
/** In bytes; queries name messages and recipients by the hundred. */
const MAX_HEAD = 1_048_576;

/** The API on a local port, over the embedded engine. Throws `usage` for an address that cannot be had. */
export async function openEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { operations, host, slow = SLOW } = options;
  const server = createServer({
    headersTimeout: slow.headers_ms,
    requestTimeout: slow.request_ms,
    connectionsCheckingInterval: Math.min(1_000, slow.headers_ms / 2),
    maxHeaderSize: MAX_HEAD,
    requireHostHeader: false, // it is checked with the rest of the request
  });
  const connections = new Connections(server);
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const url = `http://${urlHost(host)}:${port}`;
  options.onListening?.(url);
  const store = new StoreWatch(operations, options.onError);
  const worker = new DueWorker({ ...options, onRan: () => store.changed() });
  const written = (): void => {
    worker.wake();
    store.changed();
  };
  const bulk = new BulkOperations(operations, written, options.onError);
  const webhooks = options.webhooks && new Webhooks(options.webhooks, options);
  const live = new LiveChanges(operations, store, options.onError);
  const listed = new ListedKeys();
  const listener = createListener({ ...options, port, url, worker, bulk, live, listed, webhooks, written });
  server.on("request", listener);
  const realtime = new Realtime(server, options, store, listed, connections);
  return {
    url,
    port,
    publish: async (type, document) => webhooks?.publish(type, document),
    async close() {
      await connections.quiesce();
      live.close();
      const ended = connections.end();
      await realtime.close();
      await ended;
      await bulk.finish();
      await worker.stop();
      await webhooks?.stop();
    },
  };
}

/** Where a client on this machine finds it. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function listen(server: Server, { host, port }: EmulatorOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isInUse = error.code === "EADDRINUSE";
      const reason = isInUse ? "port already in use" : `cannot listen there (${messageOf(error)})`;
      reject(
        new KnockError(isInUse ? "port_in_use" : "usage", `${host}:${port}: ${reason}`, {
          hint:
            isInUse || error.code === "EACCES"
              ? "Choose another port with --port <n>. --port 0 picks a free one."
              : "--host takes an address of this machine.",
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}
