import { AsyncLocalStorage } from "node:async_hooks";
import type { DeliveryExchange } from "../domain/message/delivery-log.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { REDACTED, redactText } from "../util/redact-secrets.js";
import type { RecordedRequest } from "./call-api.js";

/** The requests of the current delivery. Many deliveries run at once over the same connections. */
const recordedRequests = new AsyncLocalStorage<RecordedRequest[]>();

/** Runs a delivery, and adds its recorded requests to `into`. */
export function collectRequests<T>(into: RecordedRequest[], deliver: () => Promise<T>): Promise<T> {
  return recordedRequests.run(into, deliver);
}

export function recordRequest(request: RecordedRequest): void {
  recordedRequests.getStore()?.push(request);
}

const MAX_BODY_CHARACTERS = 4_000;
const MAX_HEADER_CHARACTERS = 500;
/** Headers that contain credentials. An idempotency key is not a credential. */
const SECRET_HEADER = /auth|token|secret|signature|cookie|password|api-?key/i;

function redactBody(text: string, secrets: readonly string[]): string | JsonObject {
  const clean = redactText(text, secrets);
  if (clean.length > MAX_BODY_CHARACTERS) return `${clean.slice(0, MAX_BODY_CHARACTERS)}… (${clean.length} characters)`;
  try {
    const value: unknown = JSON.parse(clean);
    return isJsonObject(value) ? value : clean;
  } catch {
    return clean;
  }
}

function redactHeaders(headers: Record<string, string>, secrets: readonly string[]): JsonObject {
  const shown = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    SECRET_HEADER.test(name) ? REDACTED : redactText(value, secrets).slice(0, MAX_HEADER_CHARACTERS),
  ]);
  return Object.fromEntries(shown);
}

function redactUrl(address: string, secrets: readonly string[]): JsonObject {
  const url = new URL(address);
  // The path of an incoming webhook is a credential.
  if (secrets.some((secret) => secret.length > 8 && (secret === address || secret === url.href)))
    return { host: url.host, path: `/${REDACTED}`, query: null };
  return {
    host: url.host,
    // SMTP has no path.
    ...(url.pathname === "" ? {} : { path: redactText(url.pathname, secrets) }),
    query: url.search === "" ? null : redactText(url.search.slice(1), secrets),
  };
}

/** Returns the parts of a request and its response that may be stored. */
export function buildDeliveryExchange(
  service_name: string,
  request: RecordedRequest,
  secrets: readonly string[],
): DeliveryExchange {
  const { method, url, headers, body, response, confidential = false } = request;
  const shown = (text: string): string | JsonObject => (confidential ? REDACTED : redactBody(text, secrets));
  return {
    service_name,
    request: {
      ...(method === undefined ? {} : { method }),
      ...(URL.canParse(url) ? redactUrl(url, secrets) : {}),
      headers: redactHeaders(headers, secrets),
      ...(body === null ? {} : { body: shown(body) }),
    },
    response:
      "failure" in response
        ? { body: redactText(response.message, secrets) }
        : { status: response.status, headers: redactHeaders(response.headers, secrets), body: shown(response.text) },
  };
}
