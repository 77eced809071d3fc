import { createHmac } from "node:crypto";
import type { Message } from "../../../domain/message/message.js";
import { hasLiquid } from "../../../domain/template/has-liquid.js";
import type { Delivery, Provider } from "../../../ports/provider.js";
import { isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { isSuccess, type ProviderServices, parseRetryAfter } from "../../call-api.js";
import { createPermanentError, createRetryableError } from "../../delivery-error.js";
import { parseTargetUrl } from "../../parse-target-url.js";
import type { SettingsReader } from "../../settings-reader.js";

/** Default timeout of a request (CH-202). */
const TIMEOUT_MS = 50_000;
/** Statuses that a retry would not change (CH-203). */
const FINAL_STATUSES = new Set([401, 403, 404, 405]);
const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
/** Headers of one connection and not of the request. The HTTP client sets them. */
const HOP_BY_HOP_HEADERS = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** Returns rendered pairs (`[{key, value}]`), without those that have no name. */
function parsePairs(value: Json | undefined): [string, string][] {
  return (Array.isArray(value) ? value : []).flatMap((pair): [string, string][] => {
    if (!isJsonObject(pair) || typeof pair.key !== "string" || pair.key === "") return [];
    return [[pair.key, typeof pair.value === "string" ? pair.value : JSON.stringify(pair.value ?? "")]];
  });
}

function buildUrl(content: JsonObject, allowHttp: boolean | null): string {
  const url = parseTargetUrl(String(content.url ?? ""), allowHttp);
  for (const [key, value] of parsePairs(content.query_params)) url.searchParams.append(key, value);
  return url.toString();
}

/** Returns the body, which is signed byte for byte as it is sent; null without a body, which is signed as empty (CHQ-4). */
function serializeBody({ body }: JsonObject): string | null {
  if (body === null || body === undefined) return null;
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** Returns `t=<milliseconds>,s=<base64>`: a signature of `<t>.<body>` with HMAC-SHA256 (CH-205, CHQ-3). */
function signWebhook(key: string, timestamp: number, body: string | null): string {
  const signature = createHmac("sha256", key)
    .update(`${timestamp}.${body ?? ""}`)
    .digest("base64");
  return `t=${timestamp},s=${signature}`;
}

/**
 * Opens a provider for any HTTP endpoint. 2xx means delivered. The message id is sent as `idempotency-key`, which the reference
 * does not mention, so that an endpoint can recognize a repeat (CH-200 to CH-208).
 */
export function openVendor(settings: SettingsReader, { sendRequest, now }: ProviderServices): Provider {
  const allowHttp = settings.flag("allow_http");
  const key = settings.text("signing_key");
  /** Returns the key; from Liquid, it is rendered with the message. Throws without it: nothing is sent unsigned (E-195). */
  const getSigningKey = ({ secrets }: Message): string | null => {
    if (!hasLiquid(key)) return key;
    if (typeof secrets?.signing_key === "string") return secrets.signing_key;
    throw createPermanentError("the message was created without the signing_key that its channel asks for");
  };
  const timeout_ms = settings.number("timeout_ms", TIMEOUT_MS);
  return {
    async send(message): Promise<Delivery> {
      const { id, content } = message;
      const method = String(content.method ?? "").toUpperCase();
      if (!METHODS.has(method))
        throw createPermanentError(`the webhook's method ${JSON.stringify(method)} is not known`);
      const url = buildUrl(content, allowHttp);
      const body = serializeBody(content);
      const headers: Record<string, string> = { "idempotency-key": id };
      if (body !== null) headers["content-type"] = "application/json";
      for (const [name, value] of parsePairs(content.headers))
        if (!HOP_BY_HOP_HEADERS.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
      const signingKey = getSigningKey(message);
      if (signingKey !== null) headers["x-webhook-signature"] = signWebhook(signingKey, now(), body);

      const response = await sendRequest({ method, url, headers, body, timeout_ms, from_data: true });
      if ("failure" in response) {
        const reason = `the webhook could not be reached: ${response.message}`;
        throw response.failure === "malformed" || response.code === "ENOTFOUND"
          ? createPermanentError(reason)
          : createRetryableError(reason);
      }
      if (isSuccess(response)) return { status: "delivered" };
      const reason = `the webhook responded ${response.status}`;
      // Everything else is retried, including redirects, which are never followed (CH-204).
      throw FINAL_STATUSES.has(response.status)
        ? createPermanentError(reason)
        : createRetryableError(reason, parseRetryAfter(response.headers, now()));
    },
  };
}
