import type { Message } from "../../domain/message/message.js";
import type { JsonObject } from "../../util/json.js";
import { getPayloadOverrides } from "../apply-payload-overrides.js";
import { createPermanentError } from "../delivery-error.js";
import { parsePhoneNumber } from "../parse-phone-number.js";
import type { SettingsReader } from "../settings-reader.js";
import type { VendorDefinition } from "../vendor-definition.js";

interface Sms {
  /** The number with its country code, such as "+15550001111". */
  to: string;
  /** The number without "+", as some vendors want it. */
  digits: string;
  body: string;
  overrides: JsonObject;
}

/**
 * Parses a rendered SMS, which no other code reads. Throws `DeliveryError` for a number without a country code, which the vendor
 * would refuse or send to another country, and for a text that is longer than the vendor accepts.
 */
export function parseSms({ title, capabilities }: VendorDefinition, { content }: Message): Sms {
  const to = parsePhoneNumber(title, content.to);
  const body = String(content.body ?? "");
  const length = [...body].length;
  const limit = capabilities.max_characters ?? Number.POSITIVE_INFINITY;
  if (length > limit) throw createPermanentError(`${title} accepts ${limit} characters, and this text has ${length}`);
  return { to, digits: to.slice(1), body, overrides: getPayloadOverrides(content) };
}

/** Returns the sender of a channel. */
export function getSender(settings: SettingsReader): string {
  return settings.text("short_code") ?? settings.text("sender_id") ?? settings.required("phone_number");
}

/** Encodes fields as a form. A list becomes a repeated field. */
export function encodeFields(fields: JsonObject): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== null) form.append(name, typeof item === "string" ? item : JSON.stringify(item));
  return form.toString();
}

/** Returns the URL for the status of a message, with the message's ID in its query, which the vendor does not send otherwise. */
export function buildCallbackUrl(webhook: string, message_id: string): string {
  return `${webhook}${webhook.includes("?") ? "&" : "?"}message_id=${message_id}`;
}

/** Returns the message's ID in the query of a requested webhook, or null. */
export function getCallbackMessageId(url: string): string | null {
  return new URL(url).searchParams.get("message_id");
}
