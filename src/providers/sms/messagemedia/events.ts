import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { ProviderEvent, ProviderWebhook } from "../../../ports/provider.js";
import { isJsonObject } from "../../../util/json.js";
import { formatErrorDetail, parseJsonObject, toPlainText } from "../../call-api.js";
import { parsePem } from "../../sign-jwt.js";
import type { ReadEvents } from "../../vendor-api.js";
import { parseTime, toEvents } from "../../vendor-events.js";
import { checkAge, createRefusedError, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const FAILED = new Set(["rejected", "undeliverable", "expired", "failed"]);

/** Parses a public key: in PEM form, or as the API returns it, without the lines around it. */
function parsePublicKey(text: string): KeyObject {
  const pem = parsePem(text);
  if (pem.includes("-----BEGIN")) return createPublicKey(pem);
  return createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
}

/** Returns whether an RSA signature is the content's. `digest` is the name of its hash, such as SHA-512. */
function isSigned(content: string, signature: string, key: string, digest: string): boolean {
  const algorithm = `sha${/224|512/.exec(digest)?.[0] ?? 256}`;
  try {
    return verify(algorithm, Buffer.from(content), parsePublicKey(key), Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

/** Checks the signature, which covers the first line of the request, its date and its body (CH-117). */
function checkSignature(webhook: ProviderWebhook, key: string, now: number): void {
  const { pathname, search } = new URL(webhook.url);
  const date = requireHeader(webhook, "date");
  const signature = requireHeader(webhook, "x-messagemedia-signature");
  const digest = webhook.headers["x-messagemedia-digest-type"] ?? "";
  if (!isSigned(`POST ${pathname}${search} HTTP/1.1${date}${webhook.body}`, signature, key, digest))
    throw createRefusedError("The webhook's signature is wrong: check settings.webhook_signing_key");
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
