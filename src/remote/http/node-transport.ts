import type { Agent, AgentOptions, ClientRequest, RequestOptions, request } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import {
  type HttpTransport,
  ResponseCollector,
  type TlsSessionStore,
  type TransportOptions,
  type TransportRequest,
  type TransportResponse,
} from "./transport.js";

type TlsOptions = Pick<ConnectionOptions, "ca" | "session">;

/** The part that `node:http` and `node:https` have in common. */
interface HttpModule {
  Agent: new (options: AgentOptions & TlsOptions) => Agent;
  request: typeof request;
}

interface NodeTransportOptions extends TransportOptions {
  /** Null: each process opens a TLS session of its own. */
  tlsSessions: TlsSessionStore | null;
}

/**
 * Opens connections with Node's own HTTP client. It loads in a tenth of the time of undici, which decides how long a command
 * with one request takes.
 */
export async function openNodeTransport(options: NodeTransportOptions): Promise<HttpTransport> {
  const http = options.origin.startsWith("https:") ? await import("node:https") : await import("node:http");
  return new NodeTransport(http, options);
}

class NodeTransport implements HttpTransport {
  private readonly address: RequestOptions;
  private readonly sessions: TlsSessionStore | null;
  private agent: Agent;
  /**
   * Trusts no authority, but only a server that resumes the saved TLS session, whose certificate was verified when the session
   * began. Node 20 would otherwise parse the certificates of all authorities, which takes longer than the rest of a request.
   */
  private resumingAgent: Agent | null = null;
  private lastSession: { socket: TLSSocket; session: Buffer } | null = null;

  constructor(
    private readonly http: HttpModule,
    private readonly options: NodeTransportOptions,
  ) {
    const { hostname, port, protocol } = new URL(options.origin);
    this.address = { hostname: hostname.replace(/^\[|\]$/g, ""), port: port || undefined };
    this.sessions = protocol === "https:" ? options.tlsSessions : null;
    const session = this.sessions?.read() ?? null;
    if (session !== null) this.resumingAgent = this.createAgent({ ca: [], session });
    this.agent = this.resumingAgent ?? this.createTrustingAgent();
  }

  request(sent: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      let outgoing: ClientRequest;
      const collector = new ResponseCollector(sent, resolve, reject, (error) => outgoing.destroy(error));
      const send = (): void => {
        const { agent } = this;
        const current = this.start(sent, agent, collector);
        outgoing = current;
        // Not `once`: an abort can emit a second error, which would end the process without a listener.
        current.on("error", (error) => {
          if (current !== outgoing) return;
          const socket = current.socket as TLSSocket | null;
          if (agent !== this.resumingAgent || socket?.authorized) return collector.fail(error);
          this.stopResuming();
          // The server began a session of its own. Nothing was sent to it, and the next connection verifies its certificate.
          if (socket?.authorizationError && !collector.isSettled) send();
          else collector.fail(error);
        });
      };
      send();
    });
  }

  private start(sent: TransportRequest, agent: Agent, collector: ResponseCollector): ClientRequest {
    const { method, path, body } = sent;
    // Without a length, Node omits the body of a DELETE request.
    const length = body === null ? {} : { "Content-Length": Buffer.byteLength(body) };
    const outgoing = this.http.request({
      ...this.address,
      agent,
      method,
      path,
      headers: { ...sent.headers, ...length },
    });
    outgoing.once("response", (response) => {
      collector.setHead(response.statusCode as number, response.headers);
      response.on("data", (chunk: Buffer) => collector.add(chunk));
      response.once("end", () => collector.end());
      response.on("error", (error) => collector.fail(error));
    });
    outgoing.once("socket", (socket) => {
      if (!socket.connecting) return;
      this.watchSessions(socket as TLSSocket);
      limitConnecting(socket, this.options, () =>
        collector.fail(new Error("connecting took too long"), "connect_timeout"),
      );
    });
    outgoing.end(body ?? undefined);
    return outgoing;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    if (this.lastSession?.socket.authorized) this.sessions?.write(this.lastSession.session);
  }

  /** Returns an agent that trusts the configured authorities. */
  private createTrustingAgent(): Agent {
    const { ca } = this.options;
    return this.createAgent(ca === null ? {} : { ca });
  }

  private createAgent(options: TlsOptions): Agent {
    return new this.http.Agent({ keepAlive: true, ...options });
  }

  private stopResuming(): void {
    this.resumingAgent?.destroy();
    this.resumingAgent = null;
    this.agent = this.createTrustingAgent();
    this.sessions?.delete();
  }

  /** Keeps the last session that the server offers, which the next process resumes. */
  private watchSessions(socket: TLSSocket): void {
    if (this.sessions === null) return;
    socket.on("session", (session) => {
      this.lastSession = { socket, session };
    });
  }
}

/** Calls `fail` if the connection, with TLS, is not open in time. */
function limitConnecting(socket: Socket, { origin, connectTimeoutMs }: TransportOptions, fail: () => void): void {
  const timer = setTimeout(fail, connectTimeoutMs);
  const stop = (): void => clearTimeout(timer);
  socket.once(origin.startsWith("https:") ? "secureConnect" : "connect", stop);
  socket.once("close", stop);
}
