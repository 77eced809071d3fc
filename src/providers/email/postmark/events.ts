import type { ProviderEvent } from "../../../ports/provider.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { toEvents, toObject } from "../../vendor-events.js";
import { checkBasicAuth } from "../../verify-signature.js";
import { definition } from "./definition.js";

/** The event and the field with its time, by the type of the record. */
const TYPES: Readonly<Record<string, [ProviderEvent["type"], string]>> = {
  Delivery: ["delivered", "DeliveredAt"],
  Bounce: ["bounced", "BouncedAt"],
  SpamComplaint: ["complained", "BouncedAt"],
  Open: ["opened", "ReceivedAt"],
  Click: ["clicked", "ReceivedAt"],
  SubscriptionChange: ["unsubscribed", "ChangedAt"],
};

/** Bounces after which Postmark tries again, or that are answers of people. */
const TEMPORARY_BOUNCES = new Set(["Transient", "SoftBounce", "AutoResponder", "DnsError", "Unsubscribe", "Subscribe"]);

/** Reads a webhook. Postmark has no signatures; it sends the credentials of the webhook's URL (CH-092). */
export const readEvents: ReadEvents = (webhook, settings) => {
  checkBasicAuth(webhook, settings.required("webhook_signing_key"));
  const record = parseJsonObject(webhook.body) ?? {};
  const [type, timeField = ""] = TYPES[toPlainText(record.RecordType)] ?? [];
  if (type === "bounced" && TEMPORARY_BOUNCES.has(toPlainText(record.Type))) return [];
  if (type === "unsubscribed" && record.SuppressSending !== true) return [];
  return toEvents(definition, {
    type,
    message_id: toObject(record.Metadata).knock_message_id,
    at: Date.parse(toPlainText(record[timeField])),
    reason: record.Description,
    url: record.OriginalLink,
  });
};
