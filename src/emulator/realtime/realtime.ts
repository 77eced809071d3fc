import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { messageOf } from "../../errors/knock-error.js";
import { authenticate, type Caller, type ListedKeys } from "../access/authenticate.js";
import { isPermittedOrigin, originRefused } from "../access/cors.js";
import { checkHost } from "../admission.js";
import { accessOf, checkBranch, SOCKET_PATH } from "../create-listener.js";
import type { EmulatorOptions } from "../emulator-options.js";
import { endWith } from "../http/answer-unreadable.js";
import { ApiError, apiErrorOf } from "../http/api-error.js";
import type { StoreWatch } from "../store-watch.js";
import { FeedWatch } from "./feed-watch.js";
import { GuideWatch } from "./guide-watch.js";
import { SocketSession } from "./socket-session.js";

/** "Service restart": clients come back after it, as they do not after 1000. */
const RESTART = 1012;
/** Clients that do not answer the close by then are cut. */
const GRACE_MS = 1_000;
/** In bytes; joins are small. */
const MAX_FRAME = 1_048_576;

/** The socket that browser clients listen at, on the API's own server. */
export class Realtime {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, clientTracking: true });
  private readonly feeds: FeedWatch;
  private readonly guides: GuideWatch;
  private stopping = false;

  constructor(
    private readonly options: EmulatorOptions,
    store: StoreWatch,
    private readonly listed: ListedKeys,
  ) {
    this.feeds = new FeedWatch(
      (filter, page) => options.operations.resources.feeds.list(filter, page),
      (mark) => options.operations.resources.feeds.news(mark),
      store,
      options.onError,
    );
    this.guides = new GuideWatch(options.onError);
  }

  /** Answers a request for a WebSocket. `refusal` is what is wrong with it already. */
  open(request: IncomingMessage, socket: Socket, head: Buffer, onOpened: () => void, refusal?: unknown): void {
    const began = performance.now();
    socket.on("error", () => socket.destroy());
    const admitted = refusal === undefined ? this.admit(request) : Promise.reject(refusal);
    admitted.then(
      (caller) =>
        this.server.handleUpgrade(request, socket, head, (opened) => {
          onOpened();
          this.begin(opened, caller);
        }),
      (error: unknown) => this.refuse(request, socket, error, performance.now() - began),
    );
  }

  /** Every socket is told to come back. */
  async close(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.feeds.stop(), this.guides.stop()]);
    await Promise.all([...this.server.clients].map(closed));
    this.server.close();
  }

  /** Who opens a socket, by the rules of every request. */
  private async admit({ url, headers }: IncomingMessage): Promise<Caller> {
    if (this.stopping) throw new ApiError(503, "internal", "The emulator is stopping");
    checkHost(headers.host, this.options);
    const { origin, host } = headers;
    const isSame = origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
    if (origin !== undefined && !isSame && !isPermittedOrigin(origin, await this.options.environment()))
      throw originRefused(origin);
    const [path, query = ""] = (url ?? "").split("?", 2);
    if (path !== SOCKET_PATH) throw new ApiError(404, "resource_missing", `The socket is at ${SOCKET_PATH}`);
    const parameters = new URLSearchParams(query); // empty pairs are none
    const credentials = {
      authorization: `Bearer ${parameters.get("api_key") ?? ""}`,
      userToken: parameters.get("user_token") || undefined,
    };
    const caller = await authenticate(credentials, await accessOf(this.options), Date.now(), this.listed);
    if (this.stopping) throw new ApiError(503, "internal", "The emulator is stopping");
    checkBranch(parameters.get("branch_slug") ?? undefined, this.options);
    return caller;
  }

  /** Bad credentials are 403 here, whatever they are over HTTP: clients then come back ever more slowly. */
  private refuse({ url }: IncomingMessage, socket: Duplex, error: unknown, took_ms: number): void {
    const known = apiErrorOf(error);
    if (known === null || known.status === 500) this.options.onError(error);
    const status = known === null ? 500 : known.status === 401 ? 403 : known.status;
    endWith(socket, status, known?.body ?? {});
    const path = (url ?? "").split("?", 1)[0] ?? ""; // keys and tokens are in the query
    this.options.onAnswered?.({
      method: "GET",
      path,
      status,
      took_ms,
      workflow_run_id: null,
      error: messageOf(error),
    });
  }

  private begin(socket: WebSocket, caller: Caller): void {
    const session = new SocketSession(socket, caller, this.feeds, this.guides, this.options);
    socket.on("message", (data, isBinary) => session.receive(isBinary ? "" : String(data)));
    socket.on("close", () => session.end());
    socket.on("error", () => {}); // a close follows
  }
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    const cut = setTimeout(() => socket.terminate(), GRACE_MS);
    socket.once("close", () => {
      clearTimeout(cut);
      resolve();
    });
    socket.close(RESTART, "restart");
  });
}
