import { createHmac } from "node:crypto";
import type { Webhook } from "../../../../domain/environment/webhook.js";
import type { HttpClient, OutboundRequest } from "../../../../ports/http-client.js";
import { createUuidV5 } from "../../../../util/ids.js";
import { toIsoTime } from "../../../../util/iso-time.js";
import type { JsonObject } from "../../../../util/json.js";

/** The namespace of environment IDs, which are derived from the environment's name. It must never change. */
const ENVIRONMENT_NAMESPACE = "2a0c3bd0-7d0e-4f0a-9f6e-6b1c55d3a1f4";

/** The number of attempts of each delivery (A-922). */
export const MAX_ATTEMPTS = 8;
/** The pause after the first attempt. Each later pause is twice as long, so eight attempts take about two minutes. */
export const FIRST_RETRY_DELAY_MS = 1_000;
export const TIMEOUT_MS = 5_000;

export interface WebhookAttempt {
  /** An ISO 8601 time of the real clock. */
  at: string;
  /** The HTTP status; null if there was no response. */
  status: number | null;
  error: string | null;
  duration_ms: number;
}

/** The delivery of one event to one webhook. */
export interface WebhookDelivery {
  readonly id: string;
  readonly webhook: Webhook;
  readonly type: string;
  readonly environment: string;
  readonly body: string;
  /** The ID of the log entry that the event comes from. */
  readonly entry: number;
  readonly attempts: WebhookAttempt[];
  state: "pending" | "delivered" | "dropped";
  /** An ISO 8601 time of the real clock; null during an attempt and after the last one. */
  next_attempt_at: string | null;
}

/** Returns the signature header `t=<milliseconds>,s=<signature>` (A-921). */
function signBody(key: string, at: number, body: string): string {
  return `t=${at},s=${createHmac("sha256", key).update(`${at}.${body}`).digest("base64")}`;
}

function getEnvironmentId(name: string): string {
  return createUuidV5(ENVIRONMENT_NAMESPACE, name);
}

/** Returns a URL without its query, which may contain a secret. */
function redactUrl(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

/**
 * Makes one attempt and records it. Returns whether the webhook accepted the event. Redirects are not followed and
 * count as failed (A-922).
 */
export async function attemptDelivery(
  delivery: WebhookDelivery,
  {
    fetcher,
    key,
    ...limits
  }: { fetcher: HttpClient; key: string | null } & Pick<OutboundRequest, "timeout_ms" | "private_addresses">,
): Promise<boolean> {
  const { webhook, type, body, environment } = delivery;
  const now = Date.now();
  const response = await fetcher.fetch({
    method: "post",
    url: webhook.url,
    headers: {
      "content-type": "application/json",
      "user-agent": "knock-cli",
      "x-knock-event": type,
      "x-knock-environment-id": getEnvironmentId(environment),
      ...(key === null ? {} : { "x-knock-signature": signBody(key, now, body) }),
    },
    body,
    ...limits,
  });
  const timing = { at: toIsoTime(now), duration_ms: Date.now() - now };
  if ("failure" in response) {
    delivery.attempts.push({ ...timing, status: null, error: response.message });
    return false;
  }
  const { status } = response;
  const isAccepted = status >= 200 && status < 300;
  const error = isAccepted
    ? null
    : status < 400
      ? `responded ${status}: redirects are not followed`
      : `responded ${status}`;
  delivery.attempts.push({ ...timing, status, error });
  return isAccepted;
}

/** Returns a delivery in the format of `GET /__knock/webhooks`. */
export function serializeDelivery(delivery: WebhookDelivery): JsonObject {
  const { id, webhook, type, body, attempts, state, next_attempt_at } = delivery;
  return {
    id,
    url: redactUrl(webhook.url),
    type,
    state,
    attempts: attempts.map((entry) => ({ ...entry })),
    next_attempt_at,
    body: JSON.parse(body),
  };
}
