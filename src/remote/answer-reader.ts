import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { type ApiAnswer, requestIdOf, WRONG_PLACE } from "./api-answer.js";
import type { Redact } from "./redact.js";

/** Reads a 2xx answer as what the API promises. Throws `remote_failed` for anything else. */
export class AnswerReader {
  constructor(
    private readonly host: string,
    private readonly redact: Redact,
  ) {}

  /** The body as a JSON object in which `keys` are strings. */
  object(answer: ApiAnswer, ...keys: string[]): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(answer.text);
    } catch {
      throw this.fault(answer, describe(answer));
    }
    if (!isJsonObject(value)) throw this.fault(answer, "its body is not a JSON object");
    for (const key of keys) {
      if (typeof value[key] !== "string" || value[key] === "") throw this.fault(answer, `its body has no "${key}"`);
    }
    return value;
  }

  /** A page of objects that have an id (A-071; `entries` is the other resources' spelling). */
  page(answer: ApiAnswer): { items: JsonObject[]; after: string | null; before: string | null } {
    const body = this.object(answer);
    const items = body.items ?? body.entries;
    if (!Array.isArray(items)) throw this.fault(answer, 'its body has no "items"');
    for (const item of items) {
      if (!isJsonObject(item) || typeof item.id !== "string") throw this.fault(answer, 'an item has no "id"');
    }
    const info = isJsonObject(body.page_info) ? body.page_info : {};
    return { items: items as JsonObject[], after: cursor(info.after), before: cursor(info.before) };
  }

  fault(answer: Pick<ApiAnswer, "status" | "headers">, what: string): KnockError {
    return new KnockError(
      "remote_failed",
      `${this.host} answered what is not the API's (HTTP ${answer.status}): ${what}.`,
      {
        hint: WRONG_PLACE,
        status: answer.status,
        request_id: requestIdOf(answer, this.redact),
      },
    );
  }
}

function cursor(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function describe({ text, headers }: ApiAnswer): string {
  if (text.trim() === "") return "its body is empty";
  if (/^\s*</.test(text) || headers["content-type"]?.includes("html")) return "its body is a web page, not JSON";
  return "its body is not whole JSON";
}
