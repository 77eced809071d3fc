import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { ApiError } from "./api-error.js";

/** By the code of what Node's parser met, or the method that has no place here. */
const FAULTS: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "The request's head is larger than 1 MB"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not come whole in time"],
  CONNECT: [400, "CONNECT is for proxies, and this is none"],
};

/** Resolves once an answer is given, or never will be. */
export function answeredBy(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once("close", resolve);
  });
}

function headersOf(body: string): Record<string, string> {
  return {
    connection: "close",
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    "x-request-id": systemIds.uuid(),
  };
}

/** A refusal written to a connection itself, which ends with it. */
export function endWith(socket: Duplex, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  const lines = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines, "", body].join("\r\n"));
}

/**
 * What could not be read as HTTP is refused in the API's own shape, after what was asked before it. `last` is the answer to
 * the last request of the connection, given or in hand.
 */
export async function answerUnreadable(
  error: NodeJS.ErrnoException & { reason?: string },
  socket: Duplex,
  last: ServerResponse | null,
): Promise<void> {
  const [status, message] = FAULTS[error.code ?? ""] ?? [400, `This is not HTTP: ${error.reason ?? error.message}`];
  const { body } = new ApiError(status, "invalid_params", message);
  if (error.code === "ECONNRESET") return void socket.destroy();
  if (last !== null && !last.closed) {
    // It broke off within this request: its answer has a place behind those before it.
    if (!last.req.complete && !last.headersSent) return answerInPlace(last, status, body);
    if (!last.writableFinished) {
      await writtenAfter(last, () => refuseOn(socket, status, body));
      return;
    }
  }
  refuseOn(socket, status, body);
}

/**
 * Calls `write` as soon as an answer has been written. Node ends the connection right after the last answer if the client
 * sends nothing more, so that waiting for the answer's "close" would be too late.
 */
function writtenAfter(answer: ServerResponse, write: () => void): Promise<void> {
  answer.prependOnceListener("finish", write);
  return answeredBy(answer);
}

function refuseOn(socket: Duplex, status: number, content: JsonObject): void {
  if (!socket.writable) return void socket.destroy();
  endWith(socket, status, content);
  // A client that is still sending would have the connection reset, and not receive the answer.
  socket.resume();
}

function answerInPlace(response: ServerResponse, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  response.writeHead(status, headersOf(body));
  response.end(body);
}
