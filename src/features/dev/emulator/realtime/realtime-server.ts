import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { getErrorMessage } from "../../../../errors/knock-error.js";
import { authenticate, authorize, type Caller, type KeyRing } from "../access/authenticate.js";
import { checkHost } from "../access/check-host-and-origin.js";
import { createForbiddenOriginError, isPermittedOrigin } from "../access/cors.js";
import { readAccessSettings } from "../access/read-access-settings.js";
import { checkBranch, SOCKET_PATH } from "../create-request-listener.js";
import type { EmulatorOptions } from "../emulator-options.js";
import { ApiError, toApiError, toSentError } from "../http/api-error.js";
import type { FeedRead } from "../http/feed-read.js";
import { endSocketWithError } from "../http/reject-malformed-request.js";
import type { StoreWatcher } from "../store-watcher.js";
import { FeedWatcher } from "./feed-watcher.js";
import { GuideWatcher } from "./guide-watcher.js";
import { SocketSession } from "./socket-session.js";

/** "Service restart". Clients reconnect after it, but not after 1000. */
const CLOSE_SERVICE_RESTART = 1012;
/** Clients that do not answer the close within this time are disconnected. */
const CLOSE_TIMEOUT_MS = 1_000;
/** Clients send a heartbeat every 30 seconds. Without one, a client has left, even if no proxy has closed its connection. */
const MAX_IDLE_MS = 90_000;
/** Limits the open sockets of a user with a token. Each tab of a browser that is visible has one. */
const MAX_SOCKETS_PER_USER = 50;
/** Limits a frame, in bytes. Joins are small. */
const MAX_FRAME_BYTES = 1_048_576;

/** The WebSocket of browser clients, on the API's server. */
export class RealtimeServer {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, clientTracking: true });
  private readonly feedWatcher: FeedWatcher;
  private readonly guideWatcher: GuideWatcher;
  /** The number of open sockets of each user with a token. */
  private readonly socketCounts = new Map<string, number>();
  private stopping = false;

  constructor(
    private readonly options: EmulatorOptions,
    store: StoreWatcher,
    private readonly keys: KeyRing,
  ) {
    this.feedWatcher = new FeedWatcher(
      (filter, page) => options.operations.resources.feeds.list(filter, page),
      (cursor) => options.operations.resources.feeds.readNewMessages(cursor),
      store,
      options.onError,
    );
    this.guideWatcher = new GuideWatcher(options.onError);
  }

  /** Opens a WebSocket or rejects it. `rejection` is the reason to reject it, if it is already known. */
  open(request: IncomingMessage, socket: Socket, head: Buffer, onOpened: () => void, rejection?: unknown): void {
    const startedAt = performance.now();
    socket.on("error", () => socket.destroy());
    const authentication = rejection === undefined ? this.authenticate(request) : Promise.reject(rejection);
    authentication.then(
      (caller) => {
        const user = caller.kind === "public" ? caller.token?.sub : undefined;
        if (user !== undefined && (this.socketCounts.get(user) ?? 0) >= MAX_SOCKETS_PER_USER) {
          const error = new ApiError(429, "rate_limited", `The user has ${MAX_SOCKETS_PER_USER} open sockets`);
          return this.reject(request, socket, error, performance.now() - startedAt);
        }
        this.server.handleUpgrade(request, socket, head, (opened) => {
          onOpened();
          socket.setTimeout(this.options.requestTimeouts?.socket_ms ?? MAX_IDLE_MS, () => opened.terminate());
          if (user !== undefined) this.countSocket(user, opened);
          this.startSession(opened, caller, () => this.authenticate(request));
        });
      },
      (error: unknown) => this.reject(request, socket, error, performance.now() - startedAt),
    );
  }

  noteFeedRead(read: FeedRead): void {
    this.feedWatcher.noteRead(read);
  }

  /** Announces every feed, after the data of the store was replaced. Guides are compared all the time. */
  announceFeeds(): Promise<void> {
    return this.feedWatcher.announceAll();
  }

  /** Closes every socket with a code that makes clients reconnect. */
  async close(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.feedWatcher.stop(), this.guideWatcher.stop()]);
    await Promise.all([...this.server.clients].map(closeSocket));
    this.server.close();
  }

  /** Returns the caller that opens a socket. The checks are those of every request. */
  private async authenticate({ url, headers }: IncomingMessage): Promise<Caller> {
    if (this.stopping) throw new ApiError(503, "internal", "The emulator is stopping");
    checkHost(headers.host, this.options);
    const { origin, host } = headers;
    const isSame = origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
    if (origin !== undefined && !isSame && !isPermittedOrigin(origin, await this.options.environment()))
      throw createForbiddenOriginError(origin);
    const [path, query = ""] = (url ?? "").split("?", 2);
    if (path !== SOCKET_PATH) throw new ApiError(404, "resource_missing", `The socket is at ${SOCKET_PATH}`);
    const parameters = new URLSearchParams(query); // empty parameters are allowed
    const credentials = {
      authorization: `Bearer ${parameters.get("api_key") ?? ""}`,
      userToken: parameters.get("user_token") || undefined,
    };
    const access = await readAccessSettings(this.options);
    const caller = await authenticate(credentials, access, Date.now(), this.keys);
    // Everyone knows a public key, and could open any number of sockets with it.
    if (this.options.publicApi !== undefined) authorize(caller, { owner: "environment" }, {}, access);
    if (this.stopping) throw new ApiError(503, "internal", "The emulator is stopping");
    checkBranch(parameters.get("branch_slug") ?? undefined, this.options);
    return caller;
  }

  /**
   * Rejects a WebSocket. Invalid credentials are 403 instead of 401, because clients then retry with growing pauses.
   */
  private reject({ url }: IncomingMessage, socket: Duplex, error: unknown, took_ms: number): void {
    const known = toApiError(error);
    if (known === null || known.status === 500) this.options.onError(error);
    const status = known === null ? 500 : known.status === 401 ? 403 : known.status;
    endSocketWithError(socket, status, toSentError(known, this.options.publicApi !== undefined).body);
    const path = (url ?? "").split("?", 1)[0] ?? ""; // the query contains keys and tokens
    this.options.onResponse?.({
      method: "GET",
      path,
      status,
      took_ms,
      workflow_run_id: null,
      error: getErrorMessage(error),
    });
  }

  private countSocket(user: string, socket: WebSocket): void {
    this.socketCounts.set(user, (this.socketCounts.get(user) ?? 0) + 1);
    socket.once("close", () => {
      const count = (this.socketCounts.get(user) ?? 0) - 1;
      if (count > 0) this.socketCounts.set(user, count);
      else this.socketCounts.delete(user);
    });
  }

  private startSession(socket: WebSocket, caller: Caller, authenticateAgain: () => Promise<Caller>): void {
    const { feedWatcher, guideWatcher, options } = this;
    const session = new SocketSession(socket, caller, authenticateAgain, feedWatcher, guideWatcher, options);
    socket.on("message", (data, isBinary) => session.receive(isBinary ? "" : String(data)));
    socket.on("close", () => session.end());
    socket.on("error", () => {}); // a "close" event follows
  }
}

function closeSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    const cutTimer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
    socket.once("close", () => {
      clearTimeout(cutTimer);
      resolve();
    });
    socket.close(CLOSE_SERVICE_RESTART, "restart");
  });
}
