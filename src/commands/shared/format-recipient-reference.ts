import type { RecipientReference } from "../../domain/recipient/recipient.js";

/** Returns a recipient as text: the ID of a user, or `collection/id`. */
export function formatRecipientReference(reference: RecipientReference): string {
  return typeof reference === "string" ? reference : `${reference.collection}/${reference.id}`;
}
