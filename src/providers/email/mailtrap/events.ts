import type { ProviderEvent } from "../../../ports/provider.js";
import { filterObjects } from "../../../util/json.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { fromSeconds, toEvents, toObject } from "../../vendor-events.js";
import { checkHmac, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivery: "delivered",
  bounce: "bounced",
  // The recipient is suppressed, or the domain of the sender was not verified in time.
  reject: "undelivered",
  spam: "complained",
  open: "opened",
  click: "clicked",
  unsubscribe: "unsubscribed",
};

/** Reads a webhook in the format JSON. The signature is an HMAC of the body; it has no time (CH-096). */
export const readEvents: ReadEvents = (webhook, settings) => {
  const signature = requireHeader(webhook, "mailtrap-signature");
  checkHmac(signature, webhook.body, settings.required("webhook_signing_key"), "sha256", "hex");
  return filterObjects(parseJsonObject(webhook.body)?.events).flatMap((event) =>
    toEvents(definition, {
      type: TYPES[toPlainText(event.event)],
      message_id: toObject(event.custom_variables).knock_message_id,
      at: fromSeconds(event.timestamp),
      reason: toPlainText(event.response) || event.reason,
      url: event.url,
    }),
  );
};
