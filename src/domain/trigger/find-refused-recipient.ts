import type { Json } from "../../util/json.js";
import { type ChannelType, findChannelType, hasTrait } from "../message/channel-types.js";
import type { Message } from "../message/message.js";
import { splitRecipientKey } from "../recipient/recipient.js";
import {
  createPatternMatcher,
  describeIdentity,
  type RecipientIdentity,
  toIdentity,
} from "../recipient/recipient-pattern.js";
import type { RecipientGuard } from "./recipient-guard.js";

/** The parts of an email's content that can name more recipients than its recipient. */
const COPY_FIELDS = ["cc", "bcc", "headers", "json_overrides"];
const ADDRESS = /[^\s<>()[\],;:"\\]+@[^\s<>()[\],;:"\\]+/g;

/** Yields all texts in a value. */
function* walkTexts(value: Json | undefined): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) yield* walkTexts(item);
}

const listEmails = (value: Json | undefined): RecipientIdentity[] =>
  [...walkTexts(value)]
    .flatMap((text) => text.match(ADDRESS) ?? [])
    .map((address) => ({ kind: "email", value: address }));

/** Returns the addresses that a message is sent to; none for messages to devices and connections. */
function listOwnAddresses({ content }: Message, type: ChannelType): RecipientIdentity[] {
  const kind = findChannelType(type)?.address;
  if (kind === undefined || typeof content.to !== "string") return [];
  // A text with a name, such as "Ada <ada@example.com>", contains the address.
  return kind === "phone" ? [{ kind, value: content.to }] : listEmails(content.to);
}

/**
 * Returns why a message must not be delivered, or null. Each guard must allow the recipient's ID or its address, and each address that an
 * email names in addition.
 */
export function findRefusedRecipient(
  message: Message,
  type: ChannelType,
  guards: readonly RecipientGuard[],
): string | null {
  const { collection, id } = splitRecipientKey(message.recipient);
  const recipient = toIdentity(id, collection);
  const own = listOwnAddresses(message, type);
  const others = hasTrait(type, "isRedirectable")
    ? COPY_FIELDS.flatMap((field) => listEmails(message.content[field]))
    : [];
  for (const { allow, source } of guards) {
    const isAllowed = createPatternMatcher(allow);
    const isOwnAllowed = isAllowed(recipient) || (own.length > 0 && own.every(isAllowed));
    const refused = isOwnAllowed ? others.find((identity) => !isAllowed(identity)) : recipient;
    if (refused !== undefined) return `${describeIdentity(refused)} is not allowed by ${source}`;
  }
  return null;
}
