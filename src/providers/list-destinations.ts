import type { ChannelType } from "../domain/message/channel-types.js";
import { listAddressWords } from "../domain/message/list-address-words.js";
import type { Message } from "../domain/message/message.js";
import { namesRecipients } from "../domain/message/redirect-email.js";
import type { RecipientIdentity } from "../domain/recipient/recipient-pattern.js";
import { isJsonObject, type Json } from "../util/json.js";
import { getPayloadOverrides } from "./apply-payload-overrides.js";
import { parseAddressList, parseEmail } from "./email/parse-email.js";

/** The destinations of a message, as its provider reads them. */
export interface Destinations {
  /** The address that the message is sent to; null for devices and connections of the recipient. */
  to: RecipientIdentity | null;
  /** Further addresses: copies, and everything with which a template can replace or extend the recipient's own. */
  others: RecipientIdentity[];
}

/** Fields of a request to a push service that name its devices. */
const DEVICE_FIELDS = ["token", "tokens", "to", "topic", "condition", "registration_ids"];

/** Yields all texts and numbers in a value. */
function* walkTexts(value: Json | undefined): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "number") yield String(value);
  else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) yield* walkTexts(item);
}

const toEmail = (value: string): RecipientIdentity => ({ kind: "email", value });
const toPhone = (value: string): RecipientIdentity => ({ kind: "phone", value });
const toToken = (value: string): RecipientIdentity => ({ kind: "token", value });

function listHeaderAddresses(headers: Record<string, string>): string[] {
  return Object.entries(headers).flatMap(([name, text]) => [
    ...listAddressWords(text),
    ...(namesRecipients(name) ? parseAddressList(text, `headers.${name}`).map(({ address }) => address) : []),
  ]);
}

/** Throws `DeliveryError` for an address that the providers would reject as well. */
function listEmailDestinations(message: Message): Destinations {
  const { to, cc, bcc, headers, overrides } = parseEmail(message);
  return {
    to: toEmail(to.address),
    others: [
      ...[...cc, ...bcc].map(({ address }) => address),
      ...listHeaderAddresses(headers),
      ...[...walkTexts(overrides)].flatMap(listAddressWords),
    ].map(toEmail),
  };
}

function listSmsDestinations({ content }: Message): Destinations {
  const to = String(content.to ?? "");
  const overrides = Object.entries(getPayloadOverrides(content)).filter(([name]) => name.toLowerCase() === "to");
  return {
    to: to === "" ? null : toPhone(to),
    others: overrides.flatMap(([, value]) => [...walkTexts(value)]).map(toPhone),
  };
}

function listPushDestinations({ content }: Message): Destinations {
  const overrides = getPayloadOverrides(content);
  return { to: null, others: DEVICE_FIELDS.flatMap((name) => [...walkTexts(overrides[name])]).map(toToken) };
}

function listChatDestinations({ content, secrets }: Message): Destinations {
  const { connection, metadata, template } = content;
  const isFromTemplate = isJsonObject(metadata) && metadata.connection_overridden === true;
  const json = isJsonObject(template) ? template.json_content : null;
  const others = [
    ...(isFromTemplate ? [connection, secrets?.connection] : []),
    // Old incoming webhooks of Slack post to the channel that the message names.
    isJsonObject(json) ? json.channel : null,
  ];
  return { to: null, others: others.flatMap((value) => [...walkTexts(value)]).map(toToken) };
}

const listNone = (): Destinations => ({ to: null, others: [] });

const LISTERS: Readonly<Record<ChannelType, (message: Message) => Destinations>> = {
  email: listEmailDestinations,
  sms: listSmsDestinations,
  push: listPushDestinations,
  chat: listChatDestinations,
  in_app_feed: listNone,
  http: listNone,
  in_app_guide: listNone,
};

/** Returns the destinations of a message. Throws `DeliveryError` for an email whose addresses its provider would reject. */
export function listDestinations(message: Message, type: ChannelType): Destinations {
  return LISTERS[type](message);
}
