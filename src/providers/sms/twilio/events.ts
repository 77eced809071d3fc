import type { ProviderEvent } from "../../../ports/provider.js";
import { formatErrorDetail } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { toEvents } from "../../vendor-events.js";
import { checkHmac, formatSignedForm, requireHeader } from "../../verify-signature.js";
import { getCallbackMessageId } from "../parse-sms.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  delivered: "delivered",
  read: "opened",
  failed: "bounced",
  undelivered: "undelivered",
};

/** Reads a status callback. The signature covers the URL and the sorted fields; it has no time (CH-110). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  const fields = new URLSearchParams(webhook.body);
  const signature = requireHeader(webhook, "x-twilio-signature");
  checkHmac(signature, formatSignedForm(webhook.url, fields), settings.required("auth_token"), "sha1", "base64");
  const type = TYPES[fields.get("MessageStatus") ?? ""];
  const detail = formatErrorDetail(fields.get("ErrorMessage") ?? fields.get("MessageStatus"), fields.get("ErrorCode"));
  return toEvents(definition, { message_id: getCallbackMessageId(webhook.url), type, at: now(), reason: detail });
};
