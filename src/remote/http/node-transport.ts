import type { Agent, RequestOptions, request } from "node:http";
import type { Socket } from "node:net";
import { type HttpTransport, ResponseCollector, type TransportOptions, type TransportResponse } from "./transport.js";

/**
 * Opens connections with Node's own HTTP client. It loads in a tenth of the time of undici, which decides how long a command
 * with one request takes.
 */
export async function openNodeTransport({ origin, connectTimeoutMs, ca }: TransportOptions): Promise<HttpTransport> {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === "https:";
  const http: { Agent: typeof Agent; request: typeof request } = isSecure
    ? await import("node:https")
    : await import("node:http");
  const agent = new http.Agent({ keepAlive: true, ...(ca === null ? {} : { ca }) } as object);
  const address: RequestOptions = {
    agent,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port || undefined,
  };
  return {
    request: (sent) =>
      new Promise<TransportResponse>((resolve, reject) => {
        const { method, path, body } = sent;
        // Without a length, Node omits the body of a DELETE request.
        const length = body === null ? {} : { "Content-Length": Buffer.byteLength(body) };
        const outgoing = http.request({ ...address, method, path, headers: { ...sent.headers, ...length } });
        const collector = new ResponseCollector(sent, resolve, reject, (error) => outgoing.destroy(error));
        outgoing.once("response", (response) => {
          collector.setHead(response.statusCode as number, response.headers);
          response.on("data", (chunk: Buffer) => collector.add(chunk));
          response.once("end", () => collector.end());
          response.on("error", (error) => collector.fail(error));
        });
        // Not `once`: an abort can emit a second error, which would end the process without a listener.
        outgoing.on("error", (error) => collector.fail(error));
        outgoing.once("socket", (socket) => {
          if (!socket.connecting) return;
          limitConnecting(socket, isSecure, connectTimeoutMs, () =>
            collector.fail(new Error("connecting took too long"), "connect_timeout"),
          );
        });
        outgoing.end(body ?? undefined);
      }),
    async close() {
      agent.destroy();
    },
  };
}

/** Calls `fail` if the connection, with TLS, is not open in time. */
function limitConnecting(socket: Socket, isSecure: boolean, milliseconds: number, fail: () => void): void {
  const timer = setTimeout(fail, milliseconds);
  const stop = (): void => clearTimeout(timer);
  socket.once(isSecure ? "secureConnect" : "connect", stop);
  socket.once("close", stop);
}
