import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "../../src/util/json.js";

export interface TargetRequest {
  method: string;
  /** With its query, as on the wire. */
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; an empty object where it is none. */
  json: JsonObject;
  /** The body as form fields. */
  form: Record<string, string>;
}

export interface TargetReply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  /** Nothing is ever answered, or the connection is closed without a word, or bytes come that are no HTTP. */
  fault?: "silent" | "drop" | "garbage" | "endless";
}

export interface HttpTarget {
  readonly url: string;
  readonly requests: TargetRequest[];
  /** What comes next, in this order; the last one stays. */
  answer(...replies: (TargetReply | ((request: TargetRequest) => TargetReply))[]): void;
  close(): Promise<void>;
}

function reply(response: ServerResponse, { status = 200, headers = {}, json, text, fault }: TargetReply): void {
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

function parsed(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** A server on 127.0.0.1 that stands in for a provider. */
export async function startHttpTarget(): Promise<HttpTarget> {
  const requests: TargetRequest[] = [];
  let replies: (TargetReply | ((request: TargetRequest) => TargetReply))[] = [{}];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const seen: TargetRequest = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        text,
        json: parsed(text),
        form: Object.fromEntries(new URLSearchParams(text)),
      };
      requests.push(seen);
      const next = replies.length > 1 ? replies.shift() : replies[0];
      reply(response, typeof next === "function" ? next(seen) : (next ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(...next) {
      replies = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
