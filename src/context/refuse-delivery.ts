import type { ChannelType } from "../domain/message/channel-types.js";
import type { Message } from "../domain/message/message.js";
import { type Recipient, type RecipientKey, splitRecipientKey } from "../domain/recipient/recipient.js";
import {
  createPatternMatcher,
  describeIdentity,
  type RecipientIdentity,
  toIdentity,
} from "../domain/recipient/recipient-pattern.js";
import type { RecipientGuard } from "../domain/trigger/recipient-guard.js";
import type { Delivery } from "../ports/provider.js";
import { DeliveryError } from "../providers/delivery-error.js";
import { parseAddress } from "../providers/email/parse-email.js";
import { type Destinations, listDestinations } from "../providers/list-destinations.js";

/** Reads a stored recipient. Returns undefined for one that was never identified. */
export type ReadRecipient = (key: RecipientKey) => Promise<Recipient | undefined>;

/** The properties of a recipient that contain an address. */
const STORED_PROPERTIES: Partial<Record<RecipientIdentity["kind"], string>> = { email: "email", phone: "phone_number" };

/** Returns whether an address is the one that is stored for a recipient, and not another one that a template sets. */
function isStoredAddress({ kind, value }: RecipientIdentity, recipient: Recipient | undefined): boolean {
  const stored = recipient?.properties[STORED_PROPERTIES[kind] ?? ""];
  if (typeof stored !== "string") return false;
  if (kind === "phone") return stored.trim() === value;
  return parseAddress(stored)?.address.toLowerCase() === value.toLowerCase();
}

/** Returns the first identity that a guard does not allow, or null. */
async function findRefused(
  { allow }: RecipientGuard,
  { to, others }: Destinations,
  key: RecipientKey,
  readRecipient: ReadRecipient,
): Promise<RecipientIdentity | null> {
  const isAllowed = createPatternMatcher(allow);
  const { collection, id } = splitRecipientKey(key);
  const recipient = toIdentity(id, collection);
  if (to === null || !isAllowed(to)) {
    if (!isAllowed(recipient)) return recipient;
    if (to !== null && !isStoredAddress(to, await readRecipient(key))) return to;
  }
  return others.find((identity) => !isAllowed(identity)) ?? null;
}

/** A recipient or an address that a guard does not allow. */
interface Refusal {
  identity: RecipientIdentity;
  guard: RecipientGuard;
}

/**
 * Returns the first refusal of a message, or null. Each guard must allow the address of the message, or the ID of a recipient whose
 * stored address it is, and every other address that the message names.
 */
export async function findRefusal(
  message: Message,
  type: ChannelType,
  guards: readonly RecipientGuard[],
  readRecipient: ReadRecipient,
): Promise<Refusal | { invalid: Delivery } | null> {
  let destinations: Destinations;
  try {
    destinations = listDestinations(message, type);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return { invalid: error.delivery };
  }
  for (const guard of guards) {
    const identity = await findRefused(guard, destinations, message.recipient, readRecipient);
    if (identity !== null) return { identity, guard };
  }
  return null;
}

/** Returns the failure of a message that must not be delivered, or null. */
export async function refuseDelivery(
  message: Message,
  type: ChannelType,
  guards: readonly RecipientGuard[],
  readRecipient: ReadRecipient,
): Promise<Delivery | null> {
  const refusal = await findRefusal(message, type, guards, readRecipient);
  if (refusal === null) return null;
  if ("invalid" in refusal) return refusal.invalid;
  const reason = `not delivered: ${describeIdentity(refusal.identity)} is not allowed by ${refusal.guard.source}`;
  return { status: "failed", retryable: false, reason };
}
