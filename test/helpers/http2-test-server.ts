import {
  constants,
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { JsonObject } from "../../src/util/json.js";

export interface Http2TestResponse {
  status?: number;
  headers?: Record<string, string>;
  json?: JsonObject;
  text?: string;
  fault?: "silent" | "goaway" | "reset" | "endless";
}

export interface Http2TestServer {
  readonly url: string;
  readonly requests: { headers: IncomingHttpHeaders; json: JsonObject }[];
  /** Common names of the client certificates, by session; empty without TLS. */
  readonly clients: string[];
  /** The number of sessions opened so far. */
  readonly sessions: number;
  /** Sets the next responses in order; the last one is repeated. */
  respondWith(...responses: Http2TestResponse[]): void;
  close(): Promise<void>;
}

/** Starts an HTTP/2 server on 127.0.0.1 without TLS, or with TLS for clients whose certificate it trusts. */
export async function startHttp2TestServer(tls?: { cert: string; key: string; ca: string }): Promise<Http2TestServer> {
  const requests: Http2TestServer["requests"] = [];
  const openSessions = new Set<ServerHttp2Session>();
  let sessions = 0;
  let replies: Http2TestResponse[] = [{}];
  const clients: string[] = [];
  const server =
    tls === undefined ? createServer() : createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true });
  server.on("session", (session) => {
    sessions += 1;
    if (tls) clients.push(String((session.socket as TLSSocket).getPeerCertificate().subject.CN));
    openSessions.add(session);
    session.on("close", () => openSessions.delete(session));
    session.on("error", () => undefined);
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      requests.push({ headers, json: JSON.parse(Buffer.concat(chunks).toString("utf8")) as JsonObject });
      const next = (replies.length > 1 ? replies.shift() : replies[0]) ?? {};
      if (next.fault === "silent") return;
      if (next.fault === "goaway") return void stream.session?.destroy();
      if (next.fault === "reset") return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      stream.respond({ ":status": next.status ?? 200, ...next.headers });
      if (next.fault === "endless") {
        const more = (): void => {
          if (!stream.destroyed) stream.write("x".repeat(65_536), () => setImmediate(more));
        };
        return more();
      }
      stream.end(next.json === undefined ? (next.text ?? "") : JSON.stringify(next.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    clients,
    get sessions() {
      return sessions;
    },
    respondWith(...next) {
      replies = next;
    },
    async close() {
      for (const session of openSessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
