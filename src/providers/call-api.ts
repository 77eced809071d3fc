import { isJsonObject, type JsonObject } from "../util/json.js";
import { createPermanentError, createRetryableError, type DeliveryError } from "./delivery-error.js";

/** A request to a provider's API. */
export interface ApiRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  /** For the whole exchange. */
  timeout_ms: number;
  /** The URL comes from a template or from stored data, not from the channel's settings. */
  from_data?: boolean;
  /** What is sent and answered is a secret: the delivery's log has neither body. */
  confidential?: boolean;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/** Why nothing, or nothing usable, came back. `code` is the system's, such as ENOTFOUND. */
export interface ApiFailure {
  failure: "timeout" | "connection" | "malformed";
  message: string;
  code: string;
}

/** A request that a provider's file made, and the answer. */
export interface RecordedRequest {
  method?: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  response: ApiResponse | ApiFailure;
  /** A request for a token: neither body is told. */
  confidential?: boolean;
}

/** Makes requests; redirects are never followed. */
export type SendRequest = (request: ApiRequest) => Promise<ApiResponse | ApiFailure>;

/** What a vendor's file is given. */
export interface ProviderServices {
  sendRequest: SendRequest;
  /** Tells the delivery's log of a request that was made by other means than `exchange`. */
  record(one: RecordedRequest): void;
  /** Real time in milliseconds: tokens expire by it, whatever the store's clock says. */
  now(): number;
  /** Called when nothing more is to be sent. */
  onClose(close: () => void | Promise<void>): void;
}

export const DEFAULT_TIMEOUT_MS = 10_000;

/** An object from JSON text; null where it is none. */
export function parseJsonObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date; undefined where it says nothing usable. */
export function parseRetryAfter(headers: Record<string, string>, now: number): number | undefined {
  const value = headers["retry-after"]?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1_000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** The answer to a request. Throws `Undeliverable`, to be tried again, where there is none (CH-042). */
export async function callApi(
  { sendRequest }: ProviderServices,
  vendor: string,
  request: ApiRequest,
): Promise<ApiResponse> {
  const response = await sendRequest(request);
  if (!("failure" in response)) return response;
  throw response.failure === "malformed"
    ? createPermanentError(`${vendor}: ${response.message}`)
    : createRetryableError(`${vendor} could not be reached: ${response.message}`);
}

/** Statuses after which the same request may go through: overload, rate limits, time-outs (CH-042, E-209). */
function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** A text or number of an answer as text; empty for anything else. What a server sends has any shape. */
export function toPlainText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? `${value}` : "";
}

/** A provider's own words for a fault, and its code: whichever of them are there. */
export function formatErrorDetail(message: unknown, code: unknown): string | null {
  const messageText = toPlainText(message) || null;
  const codeText = toPlainText(code) === "" ? null : `code ${toPlainText(code)}`;
  return messageText && codeText ? `${messageText} (${codeText})` : (messageText ?? codeText);
}

/** An answer that is no success as a failed delivery. */
export function createStatusError(
  vendor: string,
  response: ApiResponse,
  detail: string | null,
  now: number,
): DeliveryError {
  const { status, headers } = response;
  const reason = `${vendor} answered ${status}${detail ? `: ${detail}` : ""}`;
  return isRetryableStatus(status)
    ? createRetryableError(reason, parseRetryAfter(headers, now))
    : createPermanentError(reason);
}

/**
 * The body of a success as a JSON object. A success that is not the provider's is somebody else's, a proxy's or a portal's:
 * the message has not gone out, and is tried again.
 */
export function parseSuccessBody(vendor: string, { status, text }: ApiResponse): JsonObject {
  const body = parseJsonObject(text);
  if (body === null)
    throw createRetryableError(`${vendor} answered ${status}, but not with a JSON object as its API does`);
  return body;
}

/** A text field of a success; the same where it is missing. */
export function getSuccessField(vendor: string, response: ApiResponse, name: string): string {
  const value = parseSuccessBody(vendor, response)[name];
  if (typeof value !== "string" || value === "")
    throw createRetryableError(`${vendor} answered ${response.status}, but without the ${name} that its API gives`);
  return value;
}

export function isSuccess({ status }: ApiResponse): boolean {
  return status >= 200 && status < 300;
}
