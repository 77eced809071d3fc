import type { ProviderEvent } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { toEvents, toObject } from "../../vendor-events.js";
import { checkAge, checkHmac } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivered: "delivered",
  opened: "opened",
  clicked: "clicked",
  complained: "complained",
  unsubscribed: "unsubscribed",
};

/** Returns the type of an event; undefined for others. Mailgun itself repeats a delivery that failed temporarily. */
function toType({ event, severity }: JsonObject): ProviderEvent["type"] | undefined {
  if (event === "failed") return severity === "permanent" ? "bounced" : undefined;
  return TYPES[toPlainText(event)];
}

/** Reads a webhook, which is signed with an HMAC of its time and token (CH-094). */
export const readEvents: ReadEvents = ({ body }, settings, { now }) => {
  const content = parseJsonObject(body) ?? {};
  const { timestamp, token, signature } = toObject(content.signature);
  checkHmac(
    toPlainText(signature),
    toPlainText(timestamp) + toPlainText(token),
    settings.required("webhook_signing_key"),
    "sha256",
    "hex",
  );
  checkAge(toPlainText(timestamp), now());
  const event = toObject(content["event-data"]);
  const { message, description } = toObject(event["delivery-status"]);
  return toEvents(definition, {
    type: toType(event),
    message_id: toObject(event["user-variables"]).knock_message_id,
    at: Math.round(Number(event.timestamp) * 1_000),
    reason: toPlainText(message) || description,
    url: event.url,
  });
};
