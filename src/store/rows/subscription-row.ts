import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { StoredSubscription } from "../../domain/recipient/subscription.js";

export interface SubscriptionRow {
  row: number;
  object: string;
  recipient: string;
  properties: string;
  inserted_at: number;
  updated_at: number;
}

export function toStoredSubscription({
  object,
  recipient,
  properties,
  inserted_at,
  updated_at,
}: SubscriptionRow): StoredSubscription {
  return {
    object: object as RecipientKey,
    recipient: recipient as RecipientKey,
    properties: JSON.parse(properties),
    inserted_at,
    updated_at,
  };
}
