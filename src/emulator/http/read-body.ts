import type { IncomingMessage } from "node:http";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../../domain/shape/json-limits.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseJson } from "../../util/parse-json.js";
import { ApiError } from "./api-error.js";

/** What is read of a body: a trigger's largest and its wrapping. What counts exactly is checked where it is understood (E-028). */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 64 * 1024;

function tooLarge(): ApiError {
  return new ApiError(413, "invalid_params", "The body is larger than 10 MB");
}

/**
 * The whole body as text. Throws 413 once it is too large. The rest is dropped as it comes: were the connection
 * closed on what is unread, it would be reset, and who sends first and reads then would not see the answer.
 */
export async function readText(incoming: IncomingMessage): Promise<string> {
  if (Number(incoming.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const read = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) return void chunks.push(chunk);
      incoming.off("data", read);
      incoming.resume();
      reject(tooLarge());
    };
    incoming.on("data", read);
    incoming.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    // Nobody is there to read it; after a whole body, a close is just the end.
    const cut = (): void => {
      if (!incoming.readableEnded) reject(new ApiError(400, "invalid_params", "The connection ended within the body"));
    };
    if (incoming.destroyed) return cut();
    incoming.once("error", cut);
    incoming.once("close", cut);
  });
}

/** Whatever its content type says, a body is JSON, and an object; none at all is `{}` (AC-022). */
export async function parseBody(text: string): Promise<JsonObject> {
  if (text.trim() === "") return {};
  const parsed = await parseJson(text);
  if ("fault" in parsed) {
    const place = `line ${parsed.line}, column ${parsed.column}`;
    throw new ApiError(400, "invalid_params", `The body is not valid JSON: ${parsed.fault} (${place})`);
  }
  const { value } = parsed;
  if (!isJsonObject(value)) {
    const found = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
    throw new ApiError(422, "invalid_params", `The body must be a JSON object, found ${found}`, [
      { field: "", message: `must be an object, found ${found}` },
    ]);
  }
  checkJsonShape(value, "the body");
  return value;
}
