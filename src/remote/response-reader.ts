import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { type ApiResponse, getRequestId, NOT_KNOCK_API_HINT } from "./api-response.js";
import type { Redact } from "./create-redact.js";

/** Reads a 2xx response in the form that the API promises. Throws `remote_failed` for anything else. */
export class ResponseReader {
  constructor(
    private readonly host: string,
    private readonly redact: Redact,
  ) {}

  /** Returns the body as a JSON object in which `keys` are strings that are not empty. */
  readObject(response: ApiResponse, ...keys: string[]): JsonObject {
    const value = this.parseJson(response);
    if (!isJsonObject(value)) throw this.createInvalidResponseError(response, "its body is not a JSON object");
    for (const key of keys) {
      if (typeof value[key] !== "string" || value[key] === "")
        throw this.createInvalidResponseError(response, `its body has no "${key}"`);
    }
    return value;
  }

  /**
   * Returns a page of objects that have an id, which is in the field `idField`. Some resources spell `items` as `entries`
   * (A-071).
   */
  readPage(
    response: ApiResponse,
    idField = "id",
  ): { items: JsonObject[]; after: string | null; before: string | null } {
    const body = this.readObject(response);
    const items = body.items ?? body.entries;
    if (!Array.isArray(items)) throw this.createInvalidResponseError(response, 'its body has no "items"');
    this.checkItems(response, items, idField);
    const info = isJsonObject(body.page_info) ? body.page_info : {};
    return { items: items as JsonObject[], after: toCursor(info.after), before: toCursor(info.before) };
  }

  /** Returns a list without pages: objects in which `idField` is a string. */
  readList(response: ApiResponse, idField = "id"): JsonObject[] {
    const value = this.parseJson(response);
    if (!Array.isArray(value)) throw this.createInvalidResponseError(response, "its body is not a list");
    this.checkItems(response, value, idField);
    return value;
  }

  private checkItems(response: ApiResponse, items: readonly unknown[], idField: string): void {
    for (const item of items) {
      if (!isJsonObject(item) || typeof item[idField] !== "string")
        throw this.createInvalidResponseError(response, `an item has no "${idField}"`);
    }
  }

  private parseJson(response: ApiResponse): unknown {
    try {
      return JSON.parse(response.text);
    } catch {
      throw this.createInvalidResponseError(response, describeInvalidBody(response));
    }
  }

  createInvalidResponseError(response: Pick<ApiResponse, "status" | "headers">, reason: string): KnockError {
    return new KnockError(
      "remote_failed",
      `${this.host} did not respond like the Knock API (HTTP ${response.status}): ${reason}`,
      {
        hint: NOT_KNOCK_API_HINT,
        status: response.status,
        request_id: getRequestId(response, this.redact),
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
  return "its body is incomplete JSON";
}
