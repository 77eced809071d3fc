import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { Redact } from "./create-redact.js";

/** A complete HTTP response. Header names are in lower case. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** Whether the API may have processed the same request before, because an earlier attempt got no response. */
  isRepeated?: boolean;
}

/** The hint for a response that does not look like the API's. */
export const NOT_KNOCK_API_HINT =
  "Check the base URL (--base-url, KNOCK_BASE_URL). A proxy may have responded instead of the API.";

/** Returns the id that the API gave the request; undefined without one. */
export function getRequestId(response: Pick<ApiResponse, "headers">, redact: Redact): string | undefined {
  const id = response.headers["x-request-id"];
  return id === undefined ? undefined : redact(id);
}

/** A JSON object with texts in some of its fields. */
type WithTexts<Field extends string> = JsonObject & { [field in Field]: string };

/** An entry of the API, with its ID. */
export type Entry = WithTexts<"id">;

const hasText = <Field extends string>(value: unknown, field: Field): value is WithTexts<Field> =>
  isJsonObject(value) && typeof value[field] === "string";

/** Reads a 2xx response in the form that the API promises. Throws `remote_failed` for anything else. */
export class ResponseReader {
  constructor(
    private readonly host: string,
    private readonly redact: Redact,
  ) {}

  /** Returns the body as a JSON object in which `fields` are strings that are not empty. */
  readObject<Field extends string = never>(response: ApiResponse, ...fields: readonly Field[]): WithTexts<Field> {
    const value = this.parseJson(response);
    if (!isJsonObject(value)) throw this.createInvalidResponseError(response, "its body is not a JSON object");
    const missing = fields.find((field) => typeof value[field] !== "string" || value[field] === "");
    if (missing !== undefined) throw this.createInvalidResponseError(response, `its body has no "${missing}"`);
    return value as WithTexts<Field>;
  }

  /**
   * Returns a page of objects that have an id, which is in the field `idField`. Some resources spell `items` as `entries`
   * (A-071).
   */
  readPage<Field extends string>(
    response: ApiResponse,
    idField: Field,
  ): { items: WithTexts<Field>[]; after: string | null; before: string | null } {
    const body = this.readObject(response);
    const items = body.items ?? body.entries;
    if (!Array.isArray(items)) throw this.createInvalidResponseError(response, 'its body has no "items"');
    const info = isJsonObject(body.page_info) ? body.page_info : {};
    const entries = this.readItems(response, items, idField);
    return { items: entries, after: toCursor(info.after), before: toCursor(info.before) };
  }

  /** Returns a list without pages: objects in which `idField` is a string. */
  readList<Field extends string>(response: ApiResponse, idField: Field): WithTexts<Field>[] {
    const value = this.parseJson(response);
    if (!Array.isArray(value)) throw this.createInvalidResponseError(response, "its body is not a list");
    return this.readItems(response, value, idField);
  }

  private readItems<F extends string>(response: ApiResponse, items: readonly unknown[], idField: F): WithTexts<F>[] {
    return items.map((item) => {
      if (!hasText(item, idField)) throw this.createInvalidResponseError(response, `an item has no "${idField}"`);
      return item;
    });
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
