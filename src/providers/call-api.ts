import { isJsonObject, type JsonObject } from "../util/json.js";
import { createPermanentError, createRetryableError, DeliveryError } from "./delivery-error.js";

/** A request to a provider's API. */
export interface ApiRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** The time limit of the whole exchange, in milliseconds. */
  timeout_ms: number;
  /** Whether the URL comes from a template or from stored data, and not from the channel's settings. */
  from_data?: boolean;
  /** Whether the request and its response are secret: the delivery's log then has neither body. */
  confidential?: boolean;
}

export interface ApiResponse {
  status: number;
  /** Names are in lower case. */
  headers: Record<string, string>;
  text: string;
}

/** The failure of a request without a usable response. `code` is the system's error code, such as ENOTFOUND, or empty. */
export interface ApiFailure {
  failure: "timeout" | "connection" | "malformed";
  message: string;
  code: string;
}

/** A request that a vendor's module made, and the response. */
export interface RecordedRequest {
  method?: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  response: ApiResponse | ApiFailure;
  /** Whether it is a request for a token: its log has neither body. */
  confidential?: boolean;
}

/** Sends a request. Redirects are never followed. */
export type SendRequest = (request: ApiRequest) => Promise<ApiResponse | ApiFailure>;

/** The services that the program provides to a vendor's module. */
export interface ProviderServices {
  sendRequest: SendRequest;
  /** Adds a request to the delivery's log that was not made with `sendRequest`. */
  record(request: RecordedRequest): void;
  /** Real time in milliseconds: tokens expire in real time, independent of the store's clock. */
  now(): number;
  /** Registers a callback for when no more requests are made. */
  onClose(close: () => void | Promise<void>): void;
}

export const DEFAULT_TIMEOUT_MS = 10_000;

/** Returns the object in a JSON text; null if it is not a JSON object. */
export function parseJsonObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Returns `Retry-After`, in seconds or as an HTTP date, as milliseconds from now; undefined if it is missing or invalid. */
export function parseRetryAfter(headers: Record<string, string>, now: number): number | undefined {
  const value = headers["retry-after"]?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1_000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/**
 * Returns the response to a request. Throws `DeliveryError` if no response arrives: retryable, unless the request was malformed
 * (CH-042).
 */
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

/** Returns whether the same request may succeed later: after overload, rate limits and timeouts (CH-042, E-209). */
function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Returns a text or number of a response as text, and empty text for anything else, because a response can have any shape. */
export function toPlainText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? `${value}` : "";
}

/** Returns a provider's own error message with its code, or the one of them that exists, or null. */
export function formatErrorDetail(message: unknown, code: unknown): string | null {
  const [messageText, codeText] = [toPlainText(message), toPlainText(code)];
  if (codeText === "") return messageText || null;
  if (messageText !== "") return `${messageText} (code ${codeText})`;
  // A word explains itself.
  return /^[a-z]/i.test(codeText) ? codeText : `code ${codeText}`;
}

/** Returns the error for a response that is not a success. */
export function createStatusError(
  vendor: string,
  response: ApiResponse,
  detail: string | null,
  now: number,
): DeliveryError {
  const { status, headers } = response;
  const reason = `${vendor} responded ${status}${detail ? `: ${detail}` : ""}`;
  const { delivery } = isRetryableStatus(status)
    ? createRetryableError(reason, parseRetryAfter(headers, now))
    : createPermanentError(reason);
  return new DeliveryError(delivery, status);
}

/**
 * Returns the body of a success as a JSON object. Any other body comes from a proxy or portal and not from the provider: the
 * message was not sent, and the error is retryable.
 */
export function parseSuccessBody(vendor: string, { status, text }: ApiResponse): JsonObject {
  const body = parseJsonObject(text);
  if (body === null)
    throw createRetryableError(`${vendor} responded ${status}, but not with a JSON object as its API does`);
  return body;
}

/** Returns a text field of a success. Throws a retryable error if it is missing. */
export function getSuccessField(vendor: string, response: ApiResponse, name: string): string {
  const value = parseSuccessBody(vendor, response)[name];
  if (typeof value !== "string" || value === "")
    throw createRetryableError(`${vendor} responded ${response.status}, but without the ${name} that its API gives`);
  return value;
}

export function isSuccess({ status }: ApiResponse): boolean {
  return status >= 200 && status < 300;
}
