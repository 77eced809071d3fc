import type { ProviderEvent } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { fromSeconds, parseObjects, toEvents } from "../../vendor-events.js";
import { checkBasicAuth } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  sent: "delivered",
  open: "opened",
  click: "clicked",
  blocked: "bounced",
  spam: "complained",
  unsub: "unsubscribed",
};

/** Returns the type of an event; undefined for others, such as bounces that are not permanent. */
function toType({ event, hard_bounce }: JsonObject): ProviderEvent["type"] | undefined {
  if (event === "bounce") return hard_bounce === true ? "bounced" : undefined;
  return TYPES[toPlainText(event)];
}

/** Reads an event or a list of events. Mailjet has no signatures; it sends the credentials of the webhook's URL (CH-095). */
export const readEvents: ReadEvents = (webhook, settings) => {
  checkBasicAuth(webhook, settings.required("webhook_signing_key"));
  const single = parseJsonObject(webhook.body);
  return (single === null ? parseObjects(webhook.body) : [single]).flatMap((event) =>
    toEvents(definition, {
      type: toType(event),
      message_id: event.CustomID,
      at: fromSeconds(event.time),
      reason: toPlainText(event.comment) || event.error,
      url: event.url,
    }),
  );
};
