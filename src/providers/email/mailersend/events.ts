import type { ProviderEvent } from "../../../ports/provider.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { toEvents, toObject } from "../../vendor-events.js";
import { checkHmac, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";
import { MESSAGE_TAG } from "./message-tag.js";

/** The types of activities; others, such as soft bounces, have no effect. */
const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  "activity.delivered": "delivered",
  "activity.hard_bounced": "bounced",
  "activity.suppressed": "bounced",
  "activity.spam_complaint": "complained",
  "activity.opened": "opened",
  "activity.clicked": "clicked",
  "activity.unsubscribed": "unsubscribed",
};

/** The public key with which MailerSend signs the test of a new webhook, which reports no activity. */
const TEST_KEY = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G";

/** Reads an activity. The signature is an HMAC of the body; it has no time (CH-100). */
export const readEvents: ReadEvents = (webhook, settings) => {
  const { type, data, created_at } = parseJsonObject(webhook.body) ?? {};
  const key = type === "webhook.test" ? TEST_KEY : settings.required("webhook_signing_key");
  checkHmac(requireHeader(webhook, "signature"), webhook.body, key, "sha256", "hex");
  const activity = toObject(data);
  const { tags } = toObject(activity.email);
  const tag = [tags]
    .flat()
    .map(toPlainText)
    .find((text) => text.startsWith(MESSAGE_TAG));
  const { readable_reason, reason, url } = toObject(activity.morph);
  return toEvents(definition, {
    type: TYPES[toPlainText(type)],
    message_id: tag?.slice(MESSAGE_TAG.length),
    at: Date.parse(toPlainText(activity.created_at) || toPlainText(created_at)),
    reason: toPlainText(readable_reason) || reason,
    url,
  });
};
