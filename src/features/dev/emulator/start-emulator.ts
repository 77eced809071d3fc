import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { versions } from "node:process";
import type { Duplex } from "node:stream";
import { createListenError } from "../../../errors/create-listen-error.js";
import type { JsonObject } from "../../../util/json.js";
import { createEmulatorApp, type EmulatorApp } from "./emulator-app.js";
import type { EmulatorOptions, SceneManager } from "./emulator-options.js";
import { Connections } from "./http/connections.js";
import { type OpenScene, Scenes } from "./scenes.js";

/** The headers that request another protocol. They are removed with the upgrade. */
const UPGRADE_HEADERS = new Set(["upgrade", "http2-settings"]);

/**
 * Lets the server read a request again without its upgrade to another protocol, which a server may ignore. Some HTTP
 * clients offer HTTP/2 (`Upgrade: h2c`) with their first request.
 */
function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (UPGRADE_HEADERS.has(name.toLowerCase())) continue;
    if (name.toLowerCase() !== "connection") lines.push(`${name}: ${value}`);
    else if (/\bclose\b/i.test(value)) lines.push("Connection: close");
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), rest]));
  server.emit("connection", socket);
}

export interface Emulator {
  /** The URL of the server, such as `http://127.0.0.1:8484`. */
  url: string;
  port: number;
  /** Sends webhooks an event from outside the store. */
  publish(type: string, document: JsonObject): Promise<void>;
  /**
   * Stops accepting requests, answers the requests that have arrived, and finishes running work. The operations stay
   * open.
   */
  close(): Promise<void>;
}

/** The default timeouts, in milliseconds. Slower requests get a 408. */
const DEFAULT_TIMEOUTS = { headers_ms: 10_000, request_ms: 60_000 };
/** Limits the headers and URL, in bytes. It is large because queries list hundreds of messages and recipients. */
const MAX_HEADER_BYTES = 1_048_576;
/** The limit on the internet, where anyone can send headers and never end them. */
const MAX_PUBLIC_HEADER_BYTES = 65_536;

const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === "websocket";

/**
 * The server option by which Node itself ignores offers of other protocols. From Node 26 on, a request with such an
 * offer loses its body if it is read again. It then drops requests that arrived with that request in one packet, which
 * clients that offer protocols do not send.
 */
const ONLY_WEBSOCKETS: object = Number.parseInt(versions.node, 10) >= 26 ? { shouldUpgradeCallback: isWebSocket } : {};

/**
 * Starts the API on a local port over the embedded engine. Throws `port_in_use` if the port is taken, and `usage` for
 * any other address that the server cannot listen on.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { host, requestTimeouts: timeouts = DEFAULT_TIMEOUTS } = options;
  const server = createServer({
    headersTimeout: timeouts.headers_ms,
    requestTimeout: timeouts.request_ms,
    connectionsCheckingInterval: Math.min(1_000, timeouts.headers_ms / 2),
    maxHeaderSize: options.publicApi === undefined ? MAX_HEADER_BYTES : MAX_PUBLIC_HEADER_BYTES,
    requireHostHeader: false, // it is checked with the rest of the request
    ...ONLY_WEBSOCKETS,
  });
  const connections = new Connections(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(createListenError(error, options, "--port")));
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${toUrlHost(host)}:${port}`;
  options.onListening?.(url);
  // The apps need the scene manager, and `Scenes` needs the first app.
  const created: { scenes?: Scenes } = {};
  const sceneManager: SceneManager = {
    open: () => (created.scenes as Scenes).open(),
    list: () => (created.scenes as Scenes).list(),
    end: (id) => (created.scenes as Scenes).end(id),
  };
  const mainApp = createEmulatorApp({ ...options, port, url, scenes: sceneManager });
  const { openScene } = options;
  const openSceneApp: OpenScene | undefined =
    openScene &&
    (async (sceneUrl) => {
      const { options: parts, close } = await openScene();
      parts.onListening?.(sceneUrl);
      return { app: createEmulatorApp({ ...options, ...parts, port, url: sceneUrl, scenes: sceneManager }), close };
    });
  const scenes = new Scenes(url, mainApp, openSceneApp);
  created.scenes = scenes;
  const findOwnApp = (request: IncomingMessage): FoundApp =>
    options.publicApi === undefined ? findApp(scenes, request, mainApp) : { app: mainApp };
  server.on("request", (incoming, outgoing) => {
    const { app, rejection } = findOwnApp(incoming);
    app.handleRequest(incoming, outgoing, rejection);
  });
  server.on("upgrade", async (request, socket: Socket, head) => {
    if (!(await connections.waitForEarlierResponses(socket))) return void socket.destroy();
    if (!isWebSocket(request)) return ignoreUpgrade(server, request, socket, head);
    const { app, rejection } = findOwnApp(request);
    app.openSocket(request, socket, head, () => connections.release(socket), rejection);
  });
  await mainApp.started;
  return {
    url,
    port,
    publish: async (type, document) => mainApp.webhooks?.publish(type, document),
    async close() {
      await connections.stopAccepting();
      const disconnected = scenes.disconnect();
      const ended = connections.close();
      await disconnected;
      await ended;
      await scenes.close();
    },
  };
}

interface FoundApp {
  app: EmulatorApp;
  rejection?: unknown;
}

/** Returns the app of the scene that a request selects. For an unknown scene, the main app answers with the error. */
function findApp(scenes: Scenes, request: IncomingMessage, mainApp: EmulatorApp): FoundApp {
  try {
    return { app: scenes.findApp(request) };
  } catch (rejection) {
    return { app: mainApp, rejection };
  }
}

/** Returns the host for local clients. */
function toUrlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
