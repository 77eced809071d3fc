import { createPublicKey, verify } from "node:crypto";
import type { ProviderEvent, ProviderWebhook } from "../../../ports/provider.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { formatErrorDetail, parseJsonObject, toPlainText } from "../../call-api.js";
import { findFailure, type ReadEvents } from "../../vendor-api.js";
import { parseTime, toEvents } from "../../vendor-events.js";
import { checkAge, createRefusedError, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TAG = "knock_message_id=";

/** Returns whether an Ed25519 signature is the content's. `key` is the public key in base64. */
function isSigned(content: string, signature: string, key: string): boolean {
  try {
    const x = Buffer.from(key, "base64").toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, Buffer.from(content), publicKey, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

function checkSignature(webhook: ProviderWebhook, key: string, now: number): void {
  const timestamp = requireHeader(webhook, "telnyx-timestamp");
  const signature = requireHeader(webhook, "telnyx-signature-ed25519");
  if (!isSigned(`${timestamp}|${webhook.body}`, signature, key))
    throw createRefusedError("The webhook's signature is wrong: check settings.webhook_signing_key");
  checkAge(timestamp, now);
}

function toType(status: unknown, code: string): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  if (status !== "delivery_failed" && status !== "sending_failed") return undefined;
  return findFailure(definition, 200, { code })?.result === "bounced" ? "bounced" : "undelivered";
}

/** Reads an event, which is signed with Ed25519 with its time (CH-118). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  checkSignature(webhook, settings.required("webhook_signing_key"), now());
  const event = parseJsonObject(webhook.body)?.data;
  const payload: JsonObject = isJsonObject(event) && isJsonObject(event.payload) ? event.payload : {};
  const [recipient] = filterObjects(payload.to);
  const [error] = filterObjects(payload.errors);
  const tags = (Array.isArray(payload.tags) ? payload.tags : []).map(toPlainText);
  const message_id = tags.find((tag) => tag.startsWith(TAG))?.slice(TAG.length) ?? null;
  const at = parseTime(toPlainText(isJsonObject(event) ? event.occurred_at : ""), now());
  const type = toType(recipient?.status, toPlainText(error?.code));
  const report = { message_id, type, at };
  return toEvents(definition, { ...report, reason: formatErrorDetail(error?.title ?? recipient?.status, error?.code) });
};
