import { createHmac } from "node:crypto";
import type { Webhook } from "../../domain/environment/webhook.js";
import type { HttpClient, OutboundRequest } from "../../ports/http-client.js";
import { createUuidV5 } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";

/** Environments are named, not numbered: a name's id. Never change it. */
const ENVIRONMENT_NAMESPACE = "2a0c3bd0-7d0e-4f0a-9f6e-6b1c55d3a1f4";

/** A-922. */
export const MAX_ATTEMPTS = 8;
/** The first pause; each after it is twice as long, so that eight attempts take two minutes. */
export const FIRST_RETRY_DELAY_MS = 1_000;
export const TIMEOUT_MS = 5_000;

export interface WebhookAttempt {
  /** ISO 8601, real time. */
  at: string;
  /** Null where nothing was answered. */
  status: number | null;
  error: string | null;
  duration_ms: number;
}

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  readonly id: string;
  readonly webhook: Webhook;
  readonly type: string;
  readonly environment: string;
  readonly body: string;
  /** The entry of the log it comes from. */
  readonly entry: number;
  readonly attempts: WebhookAttempt[];
  state: "pending" | "delivered" | "dropped";
  /** ISO 8601, real time; null while it is attempted, and at the end. */
  next_attempt_at: string | null;
}

/** `t=<milliseconds>,s=<signature>` (A-921). */
function signBody(key: string, at: number, body: string): string {
  return `t=${at},s=${createHmac("sha256", key).update(`${at}.${body}`).digest("base64")}`;
}

function getEnvironmentId(name: string): string {
  return createUuidV5(ENVIRONMENT_NAMESPACE, name);
}

/** A URL as it may be shown: what stands in its query may be a secret. */
function redactUrl(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

/** Makes one attempt and notes it; true where it was taken. Redirects are not followed: they count as failed (A-922). */
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
      ? `answered ${status}: redirects are not followed`
      : `answered ${status}`;
  delivery.attempts.push({ ...timing, status, error });
  return isAccepted;
}

/** As `GET /__knock/webhooks` lists it. */
export function serializeDelivery(delivery: WebhookDelivery): JsonObject {
  const { id, webhook, type, body, attempts, state, next_attempt_at } = delivery;
  return {
    id,
    url: redactUrl(webhook.url),
    type,
    state,
    attempts: attempts.map((entry) => ({ ...entry })),
    next_attempt_at,
    body: JSON.parse(body) as JsonObject,
  };
}
