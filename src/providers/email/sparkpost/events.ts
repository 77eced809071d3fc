import type { ProviderEvent } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { fromSeconds, parseObjects, toEvents, toObject } from "../../vendor-events.js";
import { checkBasicAuth } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivery: "delivered",
  bounce: "bounced",
  out_of_band: "bounced",
  policy_rejection: "bounced",
  generation_failure: "undelivered",
  generation_rejection: "undelivered",
  spam_complaint: "complained",
  open: "opened",
  initial_open: "opened",
  amp_open: "opened",
  amp_initial_open: "opened",
  click: "clicked",
  amp_click: "clicked",
  list_unsubscribe: "unsubscribed",
  link_unsubscribe: "unsubscribed",
};

/** Classes of bounces that are temporary, or that are answers of people and machines. */
const TEMPORARY_CLASSES = new Set(["20", "21", "22", "23", "24", "40", "60", "70", "80", "90", "100"]);

/** Returns the type of an event. A bounce after the last attempt is final even if its class is temporary. */
function toType({ type, bounce_class }: JsonObject): ProviderEvent["type"] | undefined {
  const isTemporary = TEMPORARY_CLASSES.has(toPlainText(bounce_class));
  return type === "out_of_band" && isTemporary ? undefined : TYPES[toPlainText(type)];
}

/** Reads a list of events. SparkPost has no signatures; it sends the credentials of the webhook (CH-098). */
export const readEvents: ReadEvents = (webhook, settings) => {
  checkBasicAuth(webhook, settings.required("webhook_signing_key"));
  return parseObjects(webhook.body).flatMap(({ msys }) => {
    const event = toObject(Object.values(toObject(msys))[0]);
    return toEvents(definition, {
      type: toType(event),
      message_id: toObject(event.rcpt_meta).knock_message_id,
      at: fromSeconds(event.timestamp),
      reason: toPlainText(event.raw_reason) || event.reason,
      url: event.target_link_url,
    });
  });
};
