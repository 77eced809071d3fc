import type { Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { rejectMalformedRequest, waitForClose } from "./reject-malformed-request.js";

/**
 * A stop waits until no connection or request has arrived for this time. Everything sent before the stop has then been
 * read.
 */
const QUIET_MS = 20;
/** Limits that wait if connections or requests keep arriving. */
const MAX_DRAIN_MS = 1_000;
const SWEEP_INTERVAL_MS = 20;
/**
 * The time after a stop until connections without a complete request are closed. Browsers open connections in advance,
 * and some clients stall.
 */
const UNUSED_CONNECTION_MS = 500;
/** The time after a stop until busy connections are closed. */
export const SHUTDOWN_TIMEOUT_MS = 5_000;

/** The connections of a server with the last response of each. A stop answers every request that has arrived. */
export class Connections {
  /** The response to the last request of each connection; null before the first request. */
  private readonly lastResponses = new Map<Socket, ServerResponse | null>();
  /** The connections with a malformed request, which has its error response or waits for it. */
  private readonly malformedSockets = new WeakSet<Socket>();
  private connectionCount = 0;
  private requestCount = 0;
  private stopping = false;
  private closePromise: Promise<void> | undefined;

  constructor(private readonly server: Server) {
    server.on("connection", (socket) => {
      if (this.lastResponses.has(socket)) return;
      this.connectionCount++;
      this.lastResponses.set(socket, null);
      socket.once("close", () => this.lastResponses.delete(socket));
    });
    server.on("request", (request, response) => {
      this.requestCount++;
      this.lastResponses.set(request.socket, response);
      if (this.stopping) setConnectionClose(response);
    });
    server.on("clientError", (error, socket) => void this.rejectMalformed(error, socket as Socket));
    server.on("connect", (_request, socket) => {
      socket.on("error", () => socket.destroy());
      void this.rejectMalformed(Object.assign(new Error("CONNECT"), { code: "CONNECT" }), socket as Socket);
    });
    // A client may close its sending half after its last request. It still has to receive the responses.
    Object.assign(server, { httpAllowHalfOpen: true });
    // RFC 9110 allows a server to ignore an unknown expectation, which helps the client more than an error.
    server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  }

  /**
   * Resolves when all earlier requests of the connection have their responses. A WebSocket takes over the connection
   * and would otherwise write before those responses. Returns false if the connection ended with them.
   */
  async waitForEarlierResponses(socket: Socket): Promise<boolean> {
    const last = this.lastResponses.get(socket);
    if (last != null && !last.closed) {
      const destroySocket = (): void => void socket.destroy();
      socket.on("error", destroySocket);
      await waitForClose(last);
      socket.off("error", destroySocket);
      // The server must not close the connection as idle after this point.
      socket.setTimeout(0);
    }
    return socket.writable;
  }

  /** Forgets a connection that other code now owns and closes. */
  release(socket: Socket): void {
    this.lastResponses.delete(socket);
  }

  private async rejectMalformed(error: Error, socket: Socket): Promise<void> {
    // Every further byte on the connection raises another parser error.
    if (this.malformedSockets.has(socket)) return;
    this.malformedSockets.add(socket);
    await rejectMalformedRequest(error, socket, this.lastResponses.get(socket) ?? null);
  }

  /** Stops accepting connections. Resolves when everything that was already sent has been read. */
  async stopAccepting(): Promise<void> {
    await waitUntilStable(() => this.connectionCount); // connections that are not accepted yet would be reset
    this.stopping = true;
    for (const response of this.lastResponses.values()) if (response !== null) setConnectionClose(response);
    // The HTTP server's own `close` ends idle connections at once and loses requests that are on their way.
    this.closePromise = new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    await waitUntilStable(() => this.requestCount);
  }

  /** Resolves when all connections are closed. */
  async close(): Promise<void> {
    const { server, lastResponses } = this;
    const dropTimer = setTimeout(() => {
      for (const [socket, response] of lastResponses)
        if (response === null || response.writableFinished || !response.req.complete) socket.destroy();
    }, UNUSED_CONNECTION_MS);
    const cutTimer = setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS);
    // Clients keep connections open after a response, so connections that are busy now become idle a moment later.
    const sweepTimer = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL_MS);
    server.close();
    await this.closePromise;
    clearTimeout(dropTimer);
    clearTimeout(cutTimer);
    clearInterval(sweepTimer);
  }
}

/**
 * Asks the client to close the connection after this response. Otherwise its next request would reach a stopped server.
 */
function setConnectionClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** Resolves when a count has not changed for {@link QUIET_MS}, or after {@link MAX_DRAIN_MS}. */
async function waitUntilStable(count: () => number): Promise<void> {
  for (let waitedMs = 0, previous = -1; waitedMs < MAX_DRAIN_MS && previous !== count(); waitedMs += QUIET_MS) {
    previous = count();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    // On a busy machine the timer may fire before any socket was read. Sockets are read between these two waits.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
