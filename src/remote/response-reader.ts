import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { type ApiResponse, getRequestId, NOT_KNOCK_API_HINT } from "./api-response.js";
import type { Redact } from "./create-redact.js";

/** Reads a 2xx answer as what the API promises. Throws `remote_failed` for anything else. */
export class ResponseReader {
  constructor(
    private readonly host: string,
    private readonly redact: Redact,
  ) {}

  /** The body as a JSON object in which `keys` are strings. */
  readObject(answer: ApiResponse, ...keys: string[]): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(answer.text);
    } catch {
      throw this.createInvalidResponseError(answer, describeInvalidBody(answer));
    }
    if (!isJsonObject(value)) throw this.createInvalidResponseError(answer, "its body is not a JSON object");
    for (const key of keys) {
      if (typeof value[key] !== "string" || value[key] === "")
        throw this.createInvalidResponseError(answer, `its body has no "${key}"`);
    }
    return value;
  }

  /** A page of objects that have an id (A-071; `entries` is the other resources' spelling). */
  readPage(answer: ApiResponse): { items: JsonObject[]; after: string | null; before: string | null } {
    const body = this.readObject(answer);
    const items = body.items ?? body.entries;
    if (!Array.isArray(items)) throw this.createInvalidResponseError(answer, 'its body has no "items"');
    for (const item of items) {
      if (!isJsonObject(item) || typeof item.id !== "string")
        throw this.createInvalidResponseError(answer, 'an item has no "id"');
    }
    const info = isJsonObject(body.page_info) ? body.page_info : {};
    return { items: items as JsonObject[], after: toCursor(info.after), before: toCursor(info.before) };
  }

  createInvalidResponseError(answer: Pick<ApiResponse, "status" | "headers">, what: string): KnockError {
    return new KnockError(
      "remote_failed",
      `${this.host} answered what is not the API's (HTTP ${answer.status}): ${what}.`,
      {
        hint: NOT_KNOCK_API_HINT,
        status: answer.status,
        request_id: getRequestId(answer, this.redact),
      },
    );
  }
}

function toCursor(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function describeInvalidBody({ text, headers }: ApiResponse): string {
  if (text.trim() === "") return "its body is empty";
  if (/^\s*</.test(text) || headers["content-type"]?.includes("html")) return "its body is a web page, not JSON";
  return "its body is not whole JSON";
}
