import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "./recipient.js";

/** Limits the subscriptions that one call adds or deletes (E-065). */
export const MAX_SUBSCRIPTIONS = 100;

/** A recipient's subscription to an object, with its own properties (E-061). */
export interface Subscription {
  object: RecipientKey;
  recipient: RecipientKey;
  properties: JsonObject;
}

/** A subscription in the store. Times are milliseconds since 1970. */
export interface StoredSubscription extends Subscription {
  inserted_at: number;
  updated_at: number;
}
