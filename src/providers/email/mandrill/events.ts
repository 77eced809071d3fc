import type { ProviderEvent } from "../../../ports/provider.js";
import { toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { fromSeconds, parseObjects, toEvents, toObject } from "../../vendor-events.js";
import { checkHmac, formatSignedForm, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

/** `send` is no delivery: Mandrill reports `delivered` later. Soft bounces and deferrals are temporary. */
const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivered: "delivered",
  hard_bounce: "bounced",
  reject: "bounced",
  spam: "complained",
  open: "opened",
  click: "clicked",
  unsub: "unsubscribed",
};

/** The key of the request with which Mandrill checks a new URL, before the webhook has a key. It has no events. */
const TEST_KEY = "test-webhook";

/** Reads a list of events in a form. The signature covers the URL and the sorted fields; it has no time (CH-097). */
export const readEvents: ReadEvents = (webhook, settings) => {
  const fields = new URLSearchParams(webhook.body);
  const signature = requireHeader(webhook, "x-mandrill-signature");
  const events = fields.get("mandrill_events") ?? "";
  const keys =
    events === "[]"
      ? [TEST_KEY, settings.text("webhook_signing_key") ?? TEST_KEY]
      : [settings.required("webhook_signing_key")];
  checkHmac(signature, formatSignedForm(webhook.url, fields), keys, "sha1", "base64");
  return parseObjects(events).flatMap((event) => {
    const message = toObject(event.msg);
    return toEvents(definition, {
      type: TYPES[toPlainText(event.event)],
      message_id: toObject(message.metadata).knock_message_id,
      at: fromSeconds(event.ts),
      reason: [message.diag, message.bounce_description, toObject(message.reject).reason]
        .map(toPlainText)
        .find(Boolean),
      url: event.url,
    });
  });
};
