import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { getErrorMessage } from "../../../../errors/knock-error.js";
import { authenticate, type Caller, type KeyRing } from "../access/authenticate.js";
import { checkHost } from "../access/check-host-and-origin.js";
import { createForbiddenOriginError, isPermittedOrigin } from "../access/cors.js";
import { readAccessSettings } from "../access/read-access-settings.js";
import { checkBranch, SOCKET_PATH } from "../create-request-listener.js";
import type { EmulatorOptions } from "../emulator-options.js";
import { ApiError, toApiError } from "../http/api-error.js";
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
/** Limits a frame, in bytes. Joins are small. */
const MAX_FRAME_BYTES = 1_048_576;

/** The WebSocket of browser clients, on the API's server. */
export class RealtimeServer {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, clientTracking: true });
  private readonly feedWatcher: FeedWatcher;
  private readonly guideWatcher: GuideWatcher;
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
      (caller) =>
        this.server.handleUpgrade(request, socket, head, (opened) => {
          onOpened();
          this.startSession(opened, caller);
        }),
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
    const caller = await authenticate(credentials, await readAccessSettings(this.options), Date.now(), this.keys);
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
    endSocketWithError(socket, status, known?.body ?? {});
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

  private startSession(socket: WebSocket, caller: Caller): void {
    const session = new SocketSession(socket, caller, this.feedWatcher, this.guideWatcher, this.options);
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
