import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "./recipient.js";

/** Add or delete at most so many in a call (E-065). */
export const MAX_SUBSCRIPTIONS = 100;

/** A recipient subscribed to an object, with the pair's own properties (E-061). */
export interface Subscription {
  object: RecipientKey;
  recipient: RecipientKey;
  properties: JsonObject;
}

/** Times in milliseconds. */
export interface StoredSubscription extends Subscription {
  inserted_at: number;
  updated_at: number;
}
