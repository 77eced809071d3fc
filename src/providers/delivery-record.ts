import { AsyncLocalStorage } from "node:async_hooks";
import type { DeliveryExchange } from "../domain/message/delivery-log.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { REDACTED, redactText } from "../util/redact-secrets.js";
import type { Recorded } from "./api-call.js";

/** Requests of one delivery: many run at once over the same connections. */
const recording = new AsyncLocalStorage<Recorded[]>();

/** Runs a delivery; what is recorded meanwhile lands in `into`. */
export function recordInto<T>(into: Recorded[], deliver: () => Promise<T>): Promise<T> {
  return recording.run(into, deliver);
}

export function record(one: Recorded): void {
  recording.getStore()?.push(one);
}

const MAX_BODY = 4_000;
const MAX_HEADER = 500;
/** Headers that open something. An idempotency key is none. */
const TELLING = /auth|token|secret|signature|cookie|password|api-?key/i;

function bodyOf(text: string, secrets: readonly string[]): string | JsonObject {
  const clean = redactText(text, secrets);
  if (clean.length > MAX_BODY) return `${clean.slice(0, MAX_BODY)}… (${clean.length} characters)`;
  try {
    const value: unknown = JSON.parse(clean);
    return isJsonObject(value) ? value : clean;
  } catch {
    return clean;
  }
}

function headersOf(headers: Record<string, string>, secrets: readonly string[]): JsonObject {
  const shown = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    TELLING.test(name) ? REDACTED : redactText(value, secrets).slice(0, MAX_HEADER),
  ]);
  return Object.fromEntries(shown);
}

function placeOf(address: string, secrets: readonly string[]): JsonObject {
  const url = new URL(address);
  // An incoming webhook's path is its password.
  if (secrets.some((secret) => secret.length > 8 && (secret === address || secret === url.href)))
    return { host: url.host, path: `/${REDACTED}`, query: null };
  return {
    host: url.host,
    // SMTP has none.
    ...(url.pathname === "" ? {} : { path: redactText(url.pathname, secrets) }),
    query: url.search === "" ? null : redactText(url.search.slice(1), secrets),
  };
}

/** What may be kept of a request and its answer. */
export function exchangeOf(service_name: string, one: Recorded, secrets: readonly string[]): DeliveryExchange {
  const { method, url, headers, body, answer, confidential = false } = one;
  const shown = (text: string): string | JsonObject => (confidential ? REDACTED : bodyOf(text, secrets));
  return {
    service_name,
    request: {
      ...(method === undefined ? {} : { method }),
      ...(URL.canParse(url) ? placeOf(url, secrets) : {}),
      headers: headersOf(headers, secrets),
      ...(body === null ? {} : { body: shown(body) }),
    },
    response:
      "failure" in answer
        ? { body: redactText(answer.message, secrets) }
        : { status: answer.status, headers: headersOf(answer.headers, secrets), body: shown(answer.text) },
  };
}
