import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { ProviderEvent } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { fromSeconds, parseObjects, toEvents } from "../../vendor-events.js";
import { checkAge, checkValid, createRefusedError, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivered: "delivered",
  dropped: "bounced",
  spamreport: "complained",
  open: "opened",
  click: "clicked",
  unsubscribe: "unsubscribed",
  group_unsubscribe: "unsubscribed",
};

/** Returns the type of an event; undefined for others, such as bounces that SendGrid calls blocked (CH-091). */
function toType({ event, type }: JsonObject): ProviderEvent["type"] | undefined {
  if (event === "bounce") return type === "blocked" ? undefined : "bounced";
  return TYPES[toPlainText(event)];
}

/** Returns SendGrid's public key, which its dashboard shows as DER in base64. */
function parseKey(key: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
  } catch {
    throw createRefusedError("settings.webhook_signing_key is not the verification key of SendGrid's event webhook");
  }
}

/** Reads a list of events. The signature is an ECDSA of the time and the body (CH-091). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  const signature = requireHeader(webhook, "x-twilio-email-event-webhook-signature");
  const timestamp = requireHeader(webhook, "x-twilio-email-event-webhook-timestamp");
  const key = parseKey(settings.required("webhook_signing_key"));
  checkValid(verify("sha256", Buffer.from(timestamp + webhook.body), key, Buffer.from(signature, "base64")));
  checkAge(timestamp, now());
  return parseObjects(webhook.body).flatMap((event) =>
    toEvents(definition, {
      type: toType(event),
      message_id: event.knock_message_id,
      at: fromSeconds(event.timestamp),
      reason: event.reason,
      url: event.url,
    }),
  );
};
