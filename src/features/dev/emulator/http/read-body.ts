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

/** How much of a body is read. */
export interface BodyLimit {
  max_bytes: number;
  /** Whether the body counts towards {@link MAX_HELD_BYTES}. */
  isCounted: boolean;
}

/** The limit for callers with a secret key. */
export const TRUSTED_BODY: BodyLimit = { max_bytes: MAX_BODY_BYTES, isCounted: false };
/** The limit for everyone on the internet: a user's properties, 256 kB, and as much around them. Parsing is slow for many keys. */
export const USER_BODY: BodyLimit = { max_bytes: 512 * 1024, isCounted: true };
/** The limit for vendors, who send many events together. The signature is checked before the body is parsed. */
export const WEBHOOK_BODY: BodyLimit = { max_bytes: MAX_BODY_BYTES, isCounted: true };

/** Limits the bytes that are held of all unfinished bodies from the internet, which would otherwise fill the memory. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
let heldBytes = 0;

function createTooLargeError({ max_bytes }: BodyLimit): ApiError {
  const text = max_bytes < MAX_BODY_BYTES ? `${max_bytes / 1024} kB` : "10 MB";
  return new ApiError(413, "invalid_params", `The body is larger than ${text}`);
}

/**
 * Returns the whole body as text. Throws 413 if it is too large, 503 if too many arrive at once, and 400 if it is invalid UTF-8, because
 * decoding it anyway would silently replace characters.
 */
export async function readText(incoming: IncomingMessage, limit: BodyLimit): Promise<string> {
  const { "content-length": length = 0, "content-encoding": encoding } = incoming.headers;
  if (Number(length) > limit.max_bytes) throw createTooLargeError(limit);
  const decoded = decodeUtf8(await readBytes(incoming, limit));
  if ("text" in decoded) return decoded.text;
  const compressed =
    encoding === undefined ? "" : `: Content-Encoding: ${encoding} is not supported; send the body uncompressed`;
  throw new ApiError(400, "invalid_params", `The body ${decoded.error}${compressed}`);
}

/**
 * Reads the body and discards everything above the limit as it arrives. Closing the connection with unread data would
 * reset it, and a client that sends everything before it reads would not receive the response.
 */
function readBytes(incoming: IncomingMessage, limit: BodyLimit): Promise<Buffer> {
  let held = 0;
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (error: ApiError): void => {
      incoming.off("data", read);
      incoming.resume();
      reject(error);
    };
    const read = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit.max_bytes) return stop(createTooLargeError(limit));
      if (limit.isCounted && heldBytes + chunk.length > MAX_HELD_BYTES)
        return stop(new ApiError(503, "too_many_bodies", "Too many large requests at once"));
      if (limit.isCounted) {
        held += chunk.length;
        heldBytes += chunk.length;
      }
      chunks.push(chunk);
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
  }).finally(() => {
    heldBytes -= held;
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
