import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { KnockError, messageOf } from "../errors/knock-error.js";
import type { JsonObject } from "../util/json.js";
import { type Core, openCore } from "./core.js";
import type { EmulatorOptions, SceneControl } from "./emulator-options.js";
import { Connections } from "./http/connections.js";
import { readWithoutUpgrade } from "./http/without-upgrade.js";
import { type OpenScene, Scenes } from "./scenes.js";

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
  const { host, slow = SLOW } = options;
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
  // The listeners of all scenes need the scenes, and those the first of them.
  const holder: { scenes?: Scenes } = {};
  const sceneRoutes: SceneControl = {
    open: () => (holder.scenes as Scenes).open(),
    list: () => (holder.scenes as Scenes).list(),
    end: (id) => (holder.scenes as Scenes).end(id),
  };
  const main = openCore({ ...options, port, url, scenes: sceneRoutes });
  const { openScene } = options;
  const open: OpenScene | undefined =
    openScene &&
    (async (sceneUrl) => {
      const { parts, close } = await openScene();
      parts.onListening?.(sceneUrl);
      return { core: openCore({ ...options, ...parts, port, url: sceneUrl, scenes: sceneRoutes }), close };
    });
  const scenes = new Scenes(url, main, open);
  holder.scenes = scenes;
  server.on("request", (incoming, outgoing) => {
    const { core, refusal } = coreFor(scenes, incoming, main);
    core.answer(incoming, outgoing, refusal);
  });
  server.on("upgrade", async (request, socket: Socket, head) => {
    if (!(await connections.inTurn(socket))) return void socket.destroy();
    if (request.headers.upgrade?.toLowerCase() !== "websocket")
      return readWithoutUpgrade(server, request, socket, head);
    const { core, refusal } = coreFor(scenes, request, main);
    core.openSocket(request, socket, head, () => connections.handOver(socket), refusal);
  });
  return {
    url,
    port,
    publish: async (type, document) => main.webhooks?.publish(type, document),
    async close() {
      await connections.quiesce();
      const disconnected = scenes.disconnect();
      const ended = connections.end();
      await disconnected;
      await ended;
      await scenes.close();
    },
  };
}

/** The scene that a request is for; of an unknown one the default scene says so. */
function coreFor(scenes: Scenes, request: IncomingMessage, main: Core): { core: Core; refusal?: unknown } {
  try {
    return { core: scenes.of(request) };
  } catch (refusal) {
    return { core: main, refusal };
  }
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
