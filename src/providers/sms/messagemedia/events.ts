import { verify } from "node:crypto";
import { type ProviderEvent, type ProviderWebhook, WebhookRefusedError } from "../../../ports/provider.js";
import { isJsonObject } from "../../../util/json.js";
import { formatErrorDetail, parseJsonObject, toPlainText } from "../../call-api.js";
import { parsePem } from "../../sign-jwt.js";
import type { ReadEvents } from "../../vendor-api.js";
import { parseTime, toEvents } from "../../vendor-events.js";
import { checkAge, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const FAILED = new Set(["rejected", "undeliverable", "expired", "failed"]);

/** Returns whether an RSA signature is the content's. `key` is the public key. */
function isSigned(content: string, signature: string, key: string): boolean {
  try {
    return verify("sha256", Buffer.from(content), parsePem(key), Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

/** Checks the signature, which covers the first line of the request, its date and its body (CH-117). */
function checkSignature(webhook: ProviderWebhook, key: string, now: number): void {
  const { pathname, search } = new URL(webhook.url);
  const date = requireHeader(webhook, "date");
  const signature = requireHeader(webhook, "x-messagemedia-signature");
  if (!isSigned(`POST ${pathname}${search} HTTP/1.1${date}${webhook.body}`, signature, key))
    throw new WebhookRefusedError("The webhook's signature is wrong: check settings.webhook_signing_key");
  checkAge(String(Date.parse(date) / 1_000), now);
}

function toType(status: string): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  return FAILED.has(status) ? "undelivered" : undefined;
}

/** Reads a delivery report (CH-117). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  checkSignature(webhook, settings.required("webhook_signing_key"), now());
  const { status, status_code, error_code, metadata, date_received } = parseJsonObject(webhook.body) ?? {};
  const at = parseTime(toPlainText(date_received), now());
  const message_id = isJsonObject(metadata) ? toPlainText(metadata.knock_message_id) : null;
  const report = { message_id, type: toType(toPlainText(status)), at };
  return toEvents(definition, { ...report, reason: formatErrorDetail(status, status_code ?? error_code) });
};
