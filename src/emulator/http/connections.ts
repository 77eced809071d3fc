import type { Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { rejectMalformedRequest, waitForClose } from "./reject-malformed-request.js";

/** Nothing has come for so long: then what was sent before the stop is here. */
const QUIET_MS = 20;
/** However much still comes. */
const MAX_DRAIN_MS = 1_000;
const SWEEP_INTERVAL_MS = 20;
/** Connections over which no whole request has come by then are cut: browsers open some ahead, and senders stall. */
const UNUSED_CONNECTION_MS = 500;
/** Those that are still busy this long after the stop are cut. */
const SHUTDOWN_TIMEOUT_MS = 5_000;

/** A server's connections, and what was asked last over each: a stop answers what has arrived. */
export class Connections {
  /** The answer to the last request; null where there was none yet. */
  private readonly lastResponses = new Map<Socket, ServerResponse | null>();
  /** Those that wait to be told that they cannot be read. */
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
    // Who has sent all may end that half of the connection, and reads the answers yet.
    Object.assign(server, { httpAllowHalfOpen: true });
    // To leave out what is not known is allowed, and helps more than a refusal.
    server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  }

  /**
   * Resolves once what was asked before over the connection is answered: who takes a connection over, as a WebSocket does,
   * would answer before. False where the connection ended with those answers.
   */
  async waitForEarlierResponses(socket: Socket): Promise<boolean> {
    const last = this.lastResponses.get(socket);
    if (last != null && !last.closed) {
      const destroySocket = (): void => void socket.destroy();
      socket.on("error", destroySocket);
      await waitForClose(last);
      socket.off("error", destroySocket);
      // What is idle from here on is not the server's to end.
      socket.setTimeout(0);
    }
    return socket.writable;
  }

  /** A connection that somebody else ends from here on. */
  release(socket: Socket): void {
    this.lastResponses.delete(socket);
  }

  private async rejectMalformed(error: Error, socket: Socket): Promise<void> {
    // Each further byte is a fault of its own.
    if (this.malformedSockets.has(socket)) return;
    this.malformedSockets.add(socket);
    await rejectMalformedRequest(error, socket, this.lastResponses.get(socket) ?? null);
    this.malformedSockets.delete(socket);
  }

  /** Takes no more connections, and resolves once what had been sent was read. */
  async stopAccepting(): Promise<void> {
    await waitUntilStable(() => this.connectionCount); // those that wait to be accepted would be reset
    this.stopping = true;
    for (const response of this.lastResponses.values()) if (response !== null) setConnectionClose(response);
    // Not the HTTP server's own `close`: that ends idle connections at once, and with them what is on its way.
    this.closePromise = new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    await waitUntilStable(() => this.requestCount);
  }

  /** Resolves once all have ended. */
  async close(): Promise<void> {
    const { server, lastResponses: last } = this;
    const dropTimer = setTimeout(() => {
      for (const [socket, response] of last)
        if (response === null || response.writableFinished || !response.req.complete) socket.destroy();
    }, UNUSED_CONNECTION_MS);
    const cut = setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS);
    // Clients keep connections open after an answer; those that were busy until now are idle a moment later.
    const sweepTimer = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL_MS);
    server.close();
    await this.closePromise;
    clearTimeout(dropTimer);
    clearTimeout(cut);
    clearInterval(sweepTimer);
  }
}

/** Or the client would ask on where nobody listens any more. */
function setConnectionClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** Resolves once a count stays as it is for a moment. */
async function waitUntilStable(count: () => number): Promise<void> {
  for (let waitedMs = 0, previous = -1; waitedMs < MAX_DRAIN_MS && previous !== count(); waitedMs += QUIET_MS) {
    previous = count();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    // On a busy machine the time may be over before anything was read: sockets have their turn between these two.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
