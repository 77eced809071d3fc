import { createHash } from "node:crypto";
import type { ProviderEvent, ProviderWebhook } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { parseTime, toEvents } from "../../vendor-events.js";
import { checkAge, checkHmac, createRefusedError, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

/** Reasons that concern the number itself. */
const BAD_NUMBER = new Set(["unknown subscriber", "opted out"]);

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const decode = (part: string): JsonObject => parseJsonObject(Buffer.from(part, "base64url").toString()) ?? {};

/** Throws unless the webhook has a token, signed with HS256, of its URL and its body (CH-114). */
function checkToken(webhook: ProviderWebhook, key: string, now: number): void {
  const [header = "", claims = "", signature = ""] = requireHeader(webhook, "messagebird-signature-jwt").split(".");
  checkHmac(Buffer.from(signature, "base64url").toString("base64"), `${header}.${claims}`, key, "sha256", "base64");
  const { nbf, iss, url_hash, payload_hash } = decode(claims);
  checkAge(toPlainText(nbf), now);
  const isBodySigned = webhook.body === "" ? payload_hash === undefined : payload_hash === hash(webhook.body);
  if (decode(header).alg !== "HS256" || iss !== "MessageBird" || url_hash !== hash(webhook.url) || !isBodySigned)
    throw createRefusedError(
      `The webhook's signature is for another request: check that settings.webhook_url is the URL that ${definition.title} requests`,
    );
}

function toType(status: string | null, reason: string | null): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  if (status !== "delivery_failed" && status !== "expired") return undefined;
  return BAD_NUMBER.has(reason ?? "") ? "bounced" : "undelivered";
}

/** Reads a status report, which is a GET request with the status in its query (CH-114). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  checkToken(webhook, settings.required("webhook_signing_key"), now());
  const { searchParams: fields } = new URL(webhook.url);
  const [status, reason] = [fields.get("status"), fields.get("statusReason")];
  const at = parseTime(fields.get("statusDatetime") ?? "", now());
  const report = {
    message_id: fields.get("reference"),
    type: toType(status, reason),
    at,
  };
  return toEvents(definition, { ...report, reason: reason ?? status });
};
