import type { Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { answeredBy, answerUnreadable } from "./answer-unreadable.js";

/** Nothing has come for so long: then what was sent before the stop is here. */
const QUIET_MS = 20;
/** However much still comes. */
const MOST_DRAINED_MS = 1_000;
const SWEEP_MS = 20;
/** Connections over which no whole request has come by then are cut: browsers open some ahead, and senders stall. */
const UNASKED_MS = 500;
/** Those that are still busy this long after the stop are cut. */
const GRACE_MS = 5_000;

/** A server's connections, and what was asked last over each: a stop answers what has arrived. */
export class Connections {
  /** The answer to the last request; null where there was none yet. */
  private readonly last = new Map<Socket, ServerResponse | null>();
  /** Those that wait to be told that they cannot be read. */
  private readonly unreadable = new WeakSet<Socket>();
  private accepted = 0;
  private asked = 0;
  private stopping = false;
  private ended: Promise<void> | undefined;

  constructor(private readonly server: Server) {
    server.on("connection", (socket) => {
      if (this.last.has(socket)) return;
      this.accepted++;
      this.last.set(socket, null);
      socket.once("close", () => this.last.delete(socket));
    });
    server.on("request", (request, response) => {
      this.asked++;
      this.last.set(request.socket, response);
      if (this.stopping) sayLast(response);
    });
    server.on("clientError", (error, socket) => void this.refuse(error, socket as Socket));
    server.on("connect", (_request, socket) => {
      socket.on("error", () => socket.destroy());
      void this.refuse(Object.assign(new Error("CONNECT"), { code: "CONNECT" }), socket as Socket);
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
  async inTurn(socket: Socket): Promise<boolean> {
    const last = this.last.get(socket);
    if (last != null && !last.closed) {
      const cut = (): void => void socket.destroy();
      socket.on("error", cut);
      await answeredBy(last);
      socket.off("error", cut);
      // What is idle from here on is not the server's to end.
      socket.setTimeout(0);
    }
    return socket.writable;
  }

  /** A connection that somebody else ends from here on. */
  handOver(socket: Socket): void {
    this.last.delete(socket);
  }

  private async refuse(error: Error, socket: Socket): Promise<void> {
    // Each further byte is a fault of its own.
    if (this.unreadable.has(socket)) return;
    this.unreadable.add(socket);
    await answerUnreadable(error, socket, this.last.get(socket) ?? null);
    this.unreadable.delete(socket);
  }

  /** Takes no more connections, and resolves once what had been sent was read. */
  async quiesce(): Promise<void> {
    await settled(() => this.accepted); // those that wait to be accepted would be reset
    this.stopping = true;
    for (const answer of this.last.values()) if (answer !== null) sayLast(answer);
    // Not the HTTP server's own `close`: that ends idle connections at once, and with them what is on its way.
    this.ended = new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    await settled(() => this.asked);
  }

  /** Resolves once all have ended. */
  async end(): Promise<void> {
    const { server, last } = this;
    const drop = setTimeout(() => {
      for (const [socket, answer] of last)
        if (answer === null || answer.writableFinished || !answer.req.complete) socket.destroy();
    }, UNASKED_MS);
    const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    // Clients keep connections open after an answer; those that were busy until now are idle a moment later.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close();
    await this.ended;
    clearTimeout(drop);
    clearTimeout(cut);
    clearInterval(sweep);
  }
}

/** Or the client would ask on where nobody listens any more. */
function sayLast(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader("connection", "close");
}

/** Resolves once a count stays as it is for a moment. */
async function settled(count: () => number): Promise<void> {
  for (let waited = 0, before = -1; waited < MOST_DRAINED_MS && before !== count(); waited += QUIET_MS) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    // On a busy machine the time may be over before anything was read: sockets have their turn between these two.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
