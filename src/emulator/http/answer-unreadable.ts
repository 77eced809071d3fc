import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { ApiError } from "./api-error.js";

/** By the code of what Node's parser met. */
const FAULTS: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "The request's head is larger than 1 MB"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not come whole in time"],
};

/** A refusal written to a connection itself, which ends with it. */
export function endWith(socket: Duplex, status: number, content: JsonObject): void {
  const body = JSON.stringify(content);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      "connection: close",
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${systemIds.uuid()}`,
      "",
      body,
    ].join("\r\n"),
  );
}

/** What could not be read as HTTP is refused in the API's own shape. `last` is the answer that was given before, or is in hand. */
export function answerUnreadable(
  error: NodeJS.ErrnoException & { reason?: string },
  socket: Duplex,
  last: ServerResponse | null,
): void {
  const isAmidAnswer = last?.headersSent === true && !last.writableFinished;
  if (error.code === "ECONNRESET" || !socket.writable || isAmidAnswer) return void socket.destroy();
  const [status, message] = FAULTS[error.code ?? ""] ?? [400, `This is not HTTP: ${error.reason ?? error.message}`];
  endWith(socket, status, new ApiError(status, "invalid_params", message).body);
  // Who goes on sending would have the connection reset, and not come to read this.
  socket.resume();
}
