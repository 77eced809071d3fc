import type { JsonObject } from "../util/json.js";
import type { RecipientKey } from "./recipient.js";

/** A recipient subscribed to an object, with the pair's own properties (E-061). */
export interface Subscription {
  object: RecipientKey;
  recipient: RecipientKey;
  properties: JsonObject;
}
