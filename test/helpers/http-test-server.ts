import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "../../src/util/json.js";

export interface ReceivedRequest {
  method: string;
  /** The path with its query, as it was sent. */
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; an empty object if it is not JSON. */
  json: JsonObject;
  /** The body as form fields. */
  form: Record<string, string>;
}

export interface TestResponse {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  /** Sends no response, closes the connection, sends bytes that are not HTTP, or sends a body without an end. */
  fault?: "silent" | "drop" | "garbage" | "endless";
}

/**
 * Returns the time limit of a request in milliseconds. Only a response that never ends has to reach it, so a busy machine is not
 * too slow for any other. The request itself has to arrive within it.
 */
export function getTimeout({ fault }: TestResponse): number {
  return fault === "silent" || fault === "endless" ? 1_000 : 60_000;
}

export interface HttpTestServer {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** Sets the next responses in order; the last one is repeated. */
  respondWith(...responses: (TestResponse | ((request: ReceivedRequest) => TestResponse))[]): void;
  close(): Promise<void>;
}

function sendResponse(response: ServerResponse, { status = 200, headers = {}, json, text, fault }: TestResponse): void {
  if (fault === "silent") return;
  if (fault === "drop") return void response.socket?.destroy();
  if (fault === "garbage") return void response.socket?.end("220 this is no HTTP\r\n");
  if (fault === "endless") {
    response.writeHead(status);
    const more = (): void => {
      if (!response.destroyed) response.write("x".repeat(65_536), () => setImmediate(more));
    };
    return more();
  }
  const body = json === undefined ? (text ?? "") : JSON.stringify(json);
  response.writeHead(status, { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers });
  response.end(body);
}

function parseJson(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** Starts a server on 127.0.0.1 in place of a provider. */
export async function startHttpTestServer(): Promise<HttpTestServer> {
  const requests: ReceivedRequest[] = [];
  let replies: (TestResponse | ((request: ReceivedRequest) => TestResponse))[] = [{}];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const receivedRequest: ReceivedRequest = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        text,
        json: parseJson(text),
        form: Object.fromEntries(new URLSearchParams(text)),
      };
      requests.push(receivedRequest);
      const next = replies.length > 1 ? replies.shift() : replies[0];
      sendResponse(response, typeof next === "function" ? next(receivedRequest) : (next ?? {}));
    });
  });
  // A connection that the server closes after 5 idle seconds can be in use again at that moment, and its request is lost.
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0; // a busy client may send its request late
  // A test may open 1,000 connections at once. Those beyond the backlog are reset if the server is slow.
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    respondWith(...next) {
      replies = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
