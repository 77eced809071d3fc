import type { ProviderEvent } from "../../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { checkAge, checkHmac } from "../../verify-signature.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivered: "delivered",
  opened: "opened",
  clicked: "clicked",
  complained: "complained",
  unsubscribed: "unsubscribed",
};

const toObject = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

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
  const type = toType(event);
  const message_id = toPlainText(toObject(event["user-variables"]).knock_message_id);
  if (type === undefined || message_id === "") return [];
  const { message, description } = toObject(event["delivery-status"]);
  const reason = toPlainText(message) || toPlainText(description);
  return [
    {
      message_id,
      type,
      at: Math.round(Number(event.timestamp) * 1_000),
      ...(type === "bounced" ? { reason: `Mailgun: ${reason || "failed"}` } : {}),
      ...(type === "clicked" ? { url: toPlainText(event.url) } : {}),
    },
  ];
};
