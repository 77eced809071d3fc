import type { IncomingMessage } from "node:http";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../../../../domain/findings/check-json-shape.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { parseJson } from "../../../../util/parse-json.js";
import { decodeUtf8 } from "../../../../util/text-file.js";
import { ApiError } from "./api-error.js";

/**
 * Limits the bytes read of a body: the largest trigger and 64 KB for its encoding. The exact limit is checked where the
 * body is parsed (E-028).
 */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 64 * 1024;

function createTooLargeError(): ApiError {
  return new ApiError(413, "invalid_params", "The body is larger than 10 MB");
}

/**
 * Returns the whole body as text. Throws 413 if it is too large and 400 if it is invalid UTF-8, because
 * decoding it anyway would silently replace characters.
 */
export async function readText(incoming: IncomingMessage): Promise<string> {
  const { "content-length": length = 0, "content-encoding": encoding } = incoming.headers;
  if (Number(length) > MAX_BODY_BYTES) throw createTooLargeError();
  const decoded = decodeUtf8(await readBytes(incoming));
  if ("text" in decoded) return decoded.text;
  const compressed =
    encoding === undefined ? "" : `: Content-Encoding: ${encoding} is not supported; send the body uncompressed`;
  throw new ApiError(400, "invalid_params", `The body ${decoded.error}${compressed}`);
}

/**
 * Reads the body and discards everything above the limit as it arrives. Closing the connection with unread data would
 * reset it, and a client that sends everything before it reads would not receive the response.
 */
function readBytes(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const read = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) return void chunks.push(chunk);
      incoming.off("data", read);
      incoming.resume();
      reject(createTooLargeError());
    };
    incoming.on("data", read);
    incoming.once("end", () => resolve(Buffer.concat(chunks)));
    // The client has disconnected, so this error reaches only the request log. After a complete body, a close is the
    // normal end.
    const onClose = (): void => {
      if (!incoming.readableEnded)
        reject(new ApiError(400, "invalid_params", "The connection ended before the end of the body"));
    };
    if (incoming.destroyed) return onClose();
    incoming.once("error", onClose);
    incoming.once("close", onClose);
  });
}

/** Parses a body as a JSON object, whatever its content type. An empty body is `{}` (AC-022). */
export async function parseBody(text: string): Promise<JsonObject> {
  if (text.trim() === "") return {};
  const parsed = await parseJson(text);
  if ("error" in parsed) {
    const location = `line ${parsed.line}, column ${parsed.column}`;
    throw new ApiError(400, "invalid_params", `The body is invalid JSON: ${parsed.error} (${location})`);
  }
  const { value } = parsed;
  if (!isJsonObject(value)) {
    const actualType = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
    throw new ApiError(422, "invalid_params", `The body must be a JSON object, found ${actualType}`, [
      { field: "", message: `must be an object, found ${actualType}` },
    ]);
  }
  checkJsonShape(value, "the body");
  return value;
}
