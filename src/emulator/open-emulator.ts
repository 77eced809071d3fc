import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { KnockError, messageOf } from "../errors/knock-error.js";
import type { JsonObject } from "../util/json.js";
import { ListedKeys } from "./access/authenticate.js";
import { BulkOperations } from "./bulk-operations.js";
import { createListener } from "./create-listener.js";
import { DueWorker } from "./due-worker.js";
import type { EmulatorOptions } from "./emulator-options.js";
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

/** Connections that are still busy this long after the stop are cut. */
const GRACE_MS = 5_000;
const SWEEP_MS = 20;
const DRAIN_MS = 20;
const MOST_DRAINED_MS = 5_000;
/** Who sends slower than this is cut off with a 408. */
const SLOW = { headers_ms: 10_000, request_ms: 60_000 };
/** Connections over which nothing was asked yet, as browsers open them ahead, are cut after this long. */
const UNUSED_MS = 250;

/** The API on a local port, over the embedded engine. Throws `usage` for an address that cannot be had. */
export async function openEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { operations, host, slow = SLOW } = options;
  const server = createServer({
    headersTimeout: slow.headers_ms,
    requestTimeout: slow.request_ms,
    connectionsCheckingInterval: Math.min(1_000, slow.headers_ms / 2),
  });
  const unused = unusedSockets(server);
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
  const bulk = new BulkOperations(operations, written);
  const webhooks = options.webhooks && new Webhooks(options.webhooks, options);
  const live = new LiveChanges(operations, store, options.onError);
  const listed = new ListedKeys();
  const listener = createListener({ ...options, port, url, worker, bulk, live, listed, webhooks, written });
  let stopping = false;
  let arrived = 0;
  server.on("connection", () => arrived++);
  server.on("request", (request, response) => {
    arrived++;
    if (stopping) response.setHeader("connection", "close"); // or the client would ask on where nobody listens any more
    listener(request, response);
  });
  const realtime = new Realtime(server, options, store, listed);
  return {
    url,
    port,
    publish: async (type, document) => webhooks?.publish(type, document),
    async close() {
      stopping = true;
      await drained(() => arrived);
      live.close();
      const ended = stop(server, unused);
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
      const reason =
        error.code === "EADDRINUSE" ? "something else listens there" : `it cannot be had (${messageOf(error)})`;
      reject(
        new KnockError("usage", `${host}:${port}: ${reason}`, {
          hint: ["EADDRINUSE", "EACCES"].includes(error.code ?? "")
            ? "--port 0 picks a free port."
            : "--host takes an address of this machine.",
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

/**
 * Requests that have arrived and were not read yet would be cut off with their connections: so read on until nothing has
 * come for a moment. `arrived` counts.
 */
async function drained(arrived: () => number): Promise<void> {
  for (let waited = 0, before = -1; waited < MOST_DRAINED_MS && before !== arrived(); waited += DRAIN_MS) {
    before = arrived();
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    // On a busy machine the time may be over before anything was read: sockets have their turn between these two.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Those that have not asked anything: to Node they are busy. */
function unusedSockets(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", ({ socket }) => unused.delete(socket));
  server.on("upgrade", ({ socket }) => unused.delete(socket));
  return unused;
}

function stop(server: Server, unused: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const drop = setTimeout(() => {
      for (const socket of unused) socket.destroy();
    }, UNUSED_MS);
    const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    // Clients keep connections open after an answer; those that were busy until now are idle a moment later.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearTimeout(cut);
      clearTimeout(drop);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}
