import type { IncomingMessage } from "node:http";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../../domain/shape/check-json-shape.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseJson } from "../../util/parse-json.js";
import { decodeUtf8 } from "../../util/text-file.js";
import { ApiError } from "./api-error.js";

/** What is read of a body: a trigger's largest and its wrapping. What counts exactly is checked where it is understood (E-028). */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 64 * 1024;

function createTooLargeError(): ApiError {
  return new ApiError(413, "invalid_params", "The body is larger than 10 MB");
}

/**
 * The whole body as text. Throws 413 once it is too large, and 400 for what is no UTF-8: read all the same, its letters
 * beyond ASCII would be lost without a word.
 */
export async function readText(incoming: IncomingMessage): Promise<string> {
  const { "content-length": length = 0, "content-encoding": encoding } = incoming.headers;
  if (Number(length) > MAX_BODY_BYTES) throw createTooLargeError();
  const decoded = decodeUtf8(await readBytes(incoming));
  if ("text" in decoded) return decoded.text;
  const compressed = encoding === undefined ? "" : `: Content-Encoding: ${encoding} is not read, send it plain`;
  throw new ApiError(400, "invalid_params", `The body ${decoded.error}${compressed}`);
}

/**
 * What is too large is dropped as it comes: were the connection closed on what is unread, it would be reset, and who sends
 * first and reads then would not see the answer.
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
    // Nobody is there to read it; after a whole body, a close is just the end.
    const onClose = (): void => {
      if (!incoming.readableEnded) reject(new ApiError(400, "invalid_params", "The connection ended within the body"));
    };
    if (incoming.destroyed) return onClose();
    incoming.once("error", onClose);
    incoming.once("close", onClose);
  });
}

/** Whatever its content type says, a body is JSON, and an object; none at all is `{}` (AC-022). */
export async function parseBody(text: string): Promise<JsonObject> {
  if (text.trim() === "") return {};
  const parsed = await parseJson(text);
  if ("error" in parsed) {
    const location = `line ${parsed.line}, column ${parsed.column}`;
    throw new ApiError(400, "invalid_params", `The body is not valid JSON: ${parsed.error} (${location})`);
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
