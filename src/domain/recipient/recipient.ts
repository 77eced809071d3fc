import type { JsonObject } from "../../util/json.js";
import type { PreferenceSets } from "./preference-set.js";

/** Where users and tenants live: system collections beside the user's own ones (E-048). */
export const USERS = "$users";
export const TENANTS = "$tenants";

/** A recipient as the API writes it: a user id, or an object's id and collection. */
export type RecipientReference = string | { id: string; collection: string };

/** A recipient as rows and maps are keyed: `<collection>/<id>`; users are `$users/<id>`. Ids hold no slash (E-051). */
export type RecipientKey = string & { readonly __recipientKey: unique symbol };

export function toRecipientKey(reference: RecipientReference): RecipientKey {
  return (
    typeof reference === "string" ? `${USERS}/${reference}` : `${reference.collection}/${reference.id}`
  ) as RecipientKey;
}

export function splitRecipientKey(key: RecipientKey): { collection: string; id: string } {
  const slash = key.indexOf("/");
  return { collection: key.slice(0, slash), id: key.slice(slash + 1) };
}

export function toRecipientReference(key: RecipientKey): RecipientReference {
  const { collection, id } = splitRecipientKey(key);
  return collection === USERS ? id : { id, collection };
}

/** The name from which a recipient run's id is derived (EQ-02). */
export function toGid(key: RecipientKey): string {
  const { collection, id } = splitRecipientKey(key);
  return collection === USERS ? `gid://User/${id}` : `gid://Object/${collection}/${id}`;
}

/** A user, object or tenant as stored. Times are milliseconds since 1970. */
export interface Recipient {
  key: RecipientKey;
  /** Everything but id, collection, preferences and channel data; `created_at` is the caller's own. */
  properties: JsonObject;
  preferences: PreferenceSets;
  /** Channel id (UUID) → provider data. */
  channel_data: Record<string, JsonObject>;
  inserted_at: number;
  updated_at: number;
}

/** An inline identification: properties and preferences merge deeply, each channel's data is replaced (E-038 to E-041). */
export interface RecipientUpsert {
  key: RecipientKey;
  properties: JsonObject;
  preferences?: PreferenceSets;
  channel_data?: Record<string, JsonObject>;
  /** A static audience that the user, who exists, joins or leaves; nothing else changes then (E-332). */
  audience?: AudienceChange;
  /** Of a step's change: how deep in a chain of triggers its run is, so that one through audiences ends too. */
  depth?: number;
}

interface AudienceChange {
  action: "add" | "remove";
  key: string;
  tenant: string | null;
}
