import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { systemIds } from "../../../../util/ids.js";
import type { JsonObject } from "../../../../util/json.js";
import { ApiError } from "./api-error.js";

/**
 * The response to a malformed request, by the code of Node's parser error. `CONNECT` is a method that the server does
 * not support.
 */
const PARSER_ERRORS: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "The request headers are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request was not completed in time"],
  CONNECT: [400, "CONNECT is not supported: this server is not a proxy"],
};

/** Resolves when a response is complete or its connection is closed. */
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

/** Writes an error response to a connection and closes it. */
export function endSocketWithError(socket: Duplex, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  const lines = Object.entries(buildErrorHeaders(body)).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines, "", body].join("\r\n"));
}

/**
 * Answers data that is not valid HTTP with an error in the API's format, after the responses to earlier requests.
 * `lastResponse` is the response to the last request of the connection, complete or not.
 */
export async function rejectMalformedRequest(
  error: NodeJS.ErrnoException & { reason?: string },
  socket: Duplex,
  lastResponse: ServerResponse | null,
): Promise<void> {
  const [status, message] = PARSER_ERRORS[error.code ?? ""] ?? [
    400,
    `Malformed HTTP request: ${error.reason ?? error.message}`,
  ];
  const { body } = new ApiError(status, "invalid_params", message);
  if (error.code === "ECONNRESET") return void socket.destroy();
  if (lastResponse !== null && !lastResponse.closed) {
    // The data became invalid within this request, so its own response carries the error.
    if (!lastResponse.req.complete && !lastResponse.headersSent) return sendErrorResponse(lastResponse, status, body);
    if (!lastResponse.writableFinished) {
      await writeAfterResponse(lastResponse, () => rejectSocket(socket, status, body));
      return;
    }
  }
  rejectSocket(socket, status, body);
}

/**
 * Calls `write` as soon as a response has been written. Node closes the connection right after the last response if the
 * client sends nothing more, so the response's "close" event would be too late.
 */
function writeAfterResponse(response: ServerResponse, write: () => void): Promise<void> {
  response.prependOnceListener("finish", write);
  return waitForClose(response);
}

/** The time that a client may continue to send after an error response, in milliseconds. */
const MAX_SENDING_MS = 2_000;

function rejectSocket(socket: Duplex, status: number, content: JsonObject): void {
  if (!socket.writable) return void socket.destroy();
  endSocketWithError(socket, status, content);
  // Reading on prevents a reset: a client that is still sending would otherwise lose the response.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), MAX_SENDING_MS);
  socket.once("close", () => clearTimeout(timer));
}

function sendErrorResponse(response: ServerResponse, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  response.writeHead(status, buildErrorHeaders(body));
  response.end(body);
}
