import { isJsonObject, type JsonObject } from "../util/json.js";
import { passing, refused, type Undeliverable } from "./undeliverable.js";

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

export interface ApiAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/** Why nothing, or nothing usable, came back. `code` is the system's, such as ENOTFOUND. */
export interface NoAnswer {
  failure: "timeout" | "connection" | "malformed";
  message: string;
  code: string;
}

/** A request that a provider's file made, and the answer. */
export interface Recorded {
  method?: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  answer: ApiAnswer | NoAnswer;
  /** A request for a token: neither body is told. */
  confidential?: boolean;
}

/** Makes requests; redirects are never followed. */
export type Exchange = (request: ApiRequest) => Promise<ApiAnswer | NoAnswer>;

/** What a vendor's file is given. */
export interface Services {
  exchange: Exchange;
  /** Tells the delivery's log of a request that was made by other means than `exchange`. */
  record(one: Recorded): void;
  /** Real time in milliseconds: tokens expire by it, whatever the store's clock says. */
  now(): number;
  /** Called when nothing more is to be sent. */
  onClose(close: () => void | Promise<void>): void;
}

export const DEFAULT_TIMEOUT_MS = 10_000;

/** An object from JSON text; null where it is none. */
export function parsedObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date; undefined where it says nothing usable. */
export function retryAfter(headers: Record<string, string>, now: number): number | undefined {
  const value = headers["retry-after"]?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1_000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** The answer to a request. Throws `Undeliverable`, to be tried again, where there is none (CH-042). */
export async function callApi({ exchange }: Services, vendor: string, request: ApiRequest): Promise<ApiAnswer> {
  const answer = await exchange(request);
  if (!("failure" in answer)) return answer;
  throw answer.failure === "malformed"
    ? refused(`${vendor}: ${answer.message}`)
    : passing(`${vendor} could not be reached: ${answer.message}`);
}

/** Statuses after which the same request may go through: overload, rate limits, time-outs (CH-042, E-209). */
export function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** A text or number of an answer as text; empty for anything else. What a server sends has any shape. */
export function plainText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? `${value}` : "";
}

/** A provider's own words for a fault, and its code: whichever of them are there. */
export function detailOf(message: unknown, code: unknown): string | null {
  const said = plainText(message) || null;
  const known = plainText(code) === "" ? null : `code ${plainText(code)}`;
  return said && known ? `${said} (${known})` : (said ?? known);
}

/** An answer that is no success as a failed delivery. */
export function failed(vendor: string, answer: ApiAnswer, detail: string | null, now: number): Undeliverable {
  const { status, headers } = answer;
  const reason = `${vendor} answered ${status}${detail ? `: ${detail}` : ""}`;
  return isPassing(status) ? passing(reason, retryAfter(headers, now)) : refused(reason);
}

/**
 * The body of a success as a JSON object. A success that is not the provider's is somebody else's, a proxy's or a portal's:
 * the message has not gone out, and is tried again.
 */
export function successBody(vendor: string, { status, text }: ApiAnswer): JsonObject {
  const body = parsedObject(text);
  if (body === null) throw passing(`${vendor} answered ${status}, but not with a JSON object as its API does`);
  return body;
}

/** A text field of a success; the same where it is missing. */
export function successField(vendor: string, answer: ApiAnswer, name: string): string {
  const value = successBody(vendor, answer)[name];
  if (typeof value !== "string" || value === "")
    throw passing(`${vendor} answered ${answer.status}, but without the ${name} that its API gives`);
  return value;
}

export function isSuccess({ status }: ApiAnswer): boolean {
  return status >= 200 && status < 300;
}
