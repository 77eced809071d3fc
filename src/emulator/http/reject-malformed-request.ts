import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { ApiError } from "./api-error.js";

/** By the code of what Node's parser met, or the method that has no place here. */
const PARSER_ERRORS: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "The request's head is larger than 1 MB"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not come whole in time"],
  CONNECT: [400, "CONNECT is for proxies, and this is none"],
};

/** Resolves once an answer is given, or never will be. */
export function waitForClose(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once("close", resolve);
  });
}

function buildErrorHeaders(body: string): Record<string, string> {
  return {
    connection: "close",
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    "x-request-id": systemIds.uuid(),
  };
}

/** A refusal written to a connection itself, which ends with it. */
export function endSocketWithError(socket: Duplex, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  const lines = Object.entries(buildErrorHeaders(body)).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines, "", body].join("\r\n"));
}

/**
 * What could not be read as HTTP is refused in the API's own shape, after what was asked before it. `last` is the answer to
 * the last request of the connection, given or in hand.
 */
export async function rejectMalformedRequest(
  error: NodeJS.ErrnoException & { reason?: string },
  socket: Duplex,
  lastResponse: ServerResponse | null,
): Promise<void> {
  const [status, message] = PARSER_ERRORS[error.code ?? ""] ?? [
    400,
    `This is not HTTP: ${error.reason ?? error.message}`,
  ];
  const { body } = new ApiError(status, "invalid_params", message);
  if (error.code === "ECONNRESET") return void socket.destroy();
  if (lastResponse !== null && !lastResponse.closed) {
    // It broke off within this request: its answer has a place behind those before it.
    if (!lastResponse.req.complete && !lastResponse.headersSent) return sendErrorResponse(lastResponse, status, body);
    if (!lastResponse.writableFinished) {
      await writeAfterResponse(lastResponse, () => rejectSocket(socket, status, body));
      return;
    }
  }
  rejectSocket(socket, status, body);
}

/**
 * Calls `write` as soon as an answer has been written. Node ends the connection right after the last answer if the client
 * sends nothing more, so that waiting for the answer's "close" would be too late.
 */
function writeAfterResponse(response: ServerResponse, write: () => void): Promise<void> {
  response.prependOnceListener("finish", write);
  return waitForClose(response);
}

function rejectSocket(socket: Duplex, status: number, content: JsonObject): void {
  if (!socket.writable) return void socket.destroy();
  endSocketWithError(socket, status, content);
  // A client that is still sending would have the connection reset, and not receive the answer.
  socket.resume();
}

function sendErrorResponse(response: ServerResponse, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  response.writeHead(status, buildErrorHeaders(body));
  response.end(body);
}
