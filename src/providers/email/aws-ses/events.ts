import type { ProviderEvent } from "../../../ports/provider.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { readSnsMessage } from "../../aws/read-sns-message.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";

const toObject = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** Returns the type of an event and the field with its details; undefined for others, such as `Send` and `DeliveryDelay`. */
function toType(event: JsonObject): [type: ProviderEvent["type"], field: string] | undefined {
  switch (event.eventType) {
    case "Delivery":
      return ["delivered", "delivery"];
    case "Bounce":
      return toObject(event.bounce).bounceType === "Permanent" ? ["bounced", "bounce"] : undefined;
    case "Reject":
      return ["undelivered", "reject"];
    case "Complaint":
      return ["complained", "complaint"];
    case "Open":
      return ["opened", "open"];
    case "Click":
      return ["clicked", "click"];
    case "Subscription":
      return isUnsubscribed(toObject(event.subscription)) ? ["unsubscribed", "subscription"] : undefined;
  }
  return undefined;
}

/** Returns whether the recipient has unsubscribed from all topics or from one. */
function isUnsubscribed({ newTopicPreferences: preferences }: JsonObject): boolean {
  const { unsubscribeAll, topicSubscriptionStatus: topics } = toObject(preferences);
  return (
    unsubscribeAll === true || filterObjects(topics).some(({ subscriptionStatus }) => subscriptionStatus === "OptOut")
  );
}

/** Returns why a message did not arrive. */
function readReason({ bouncedRecipients, bounceSubType, reason }: JsonObject): string {
  const [recipient] = filterObjects(bouncedRecipients);
  return toPlainText(recipient?.diagnosticCode) || toPlainText(reason) || toPlainText(bounceSubType) || "failed";
}

/** Reads an event of SES, which Amazon SNS signs with a certificate (CH-093). */
export const readEvents: ReadEvents = async (webhook, settings, services) => {
  const event = parseJsonObject((await readSnsMessage(webhook, settings, services)) ?? "") ?? {};
  const mail = toObject(event.mail);
  const ids = toObject(mail.tags).knock_message_id;
  const message_id = toPlainText(Array.isArray(ids) ? ids[0] : undefined);
  const found = toType(event);
  if (found === undefined || message_id === "") return [];
  const [type, field] = found;
  const details = toObject(event[field]);
  return [
    {
      message_id,
      type,
      // The report of a rejected email has no time of its own.
      at: Date.parse(toPlainText(details.timestamp) || toPlainText(mail.timestamp)),
      ...(type === "bounced" || type === "undelivered" ? { reason: `Amazon SES: ${readReason(details)}` } : {}),
      ...(type === "clicked" ? { url: toPlainText(details.link) } : {}),
    },
  ];
};
