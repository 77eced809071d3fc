import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { PreferenceOrigin, PreferenceOrigins, PreferenceSets } from "./preference-set.js";

/** The system collections of users and tenants, next to the custom collections (E-048). */
export const USERS = "$users";
export const TENANTS = "$tenants";

/** A recipient as the API represents it: a user's ID, or an object's ID and collection. */
export type RecipientReference = string | { id: string; collection: string };

/**
 * The key of a recipient in rows and maps: `<collection>/<id>`, for users `$users/<id>`. IDs cannot contain a slash
 * (E-051).
 */
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

/** Returns a recipient as text: a user's ID, or `<collection>/<id>`. Also accepts references in JSON; `null` has no text. */
export function formatRecipient(reference: unknown): string {
  if (!isJsonObject(reference)) return String(reference ?? "");
  const { collection, id } = reference;
  return collection === undefined ? String(id) : `${String(collection)}/${String(id)}`;
}

/** Returns the name from which the ID of a recipient run is derived (EQ-02). */
export function toGid(key: RecipientKey): string {
  const { collection, id } = splitRecipientKey(key);
  return collection === USERS ? `gid://User/${id}` : `gid://Object/${collection}/${id}`;
}

/** A user, object or tenant as stored. Times are milliseconds since 1970. */
export interface Recipient {
  key: RecipientKey;
  /** All properties except ID, collection, preferences and channel data. `created_at` is the caller's. */
  properties: JsonObject;
  preferences: PreferenceSets;
  /** The origin of each preference. Absent if none is known. */
  preference_origins?: PreferenceOrigins;
  /** Provider data by channel ID, a UUID. */
  channel_data: Record<string, JsonObject>;
  inserted_at: number;
  updated_at: number;
}

/** The parts of a recipient that callers write. */
export type RecipientParts = Pick<Recipient, "properties" | "preferences" | "preference_origins" | "channel_data">;

/** Returns a recipient that was never identified: only its ID is known. `now` is in milliseconds since 1970. */
export function buildUnidentifiedRecipient(key: RecipientKey, now: number): Recipient {
  return { key, properties: {}, preferences: {}, channel_data: {}, inserted_at: now, updated_at: now };
}

/** Returns the first entry for each recipient, in order (EQ-11). */
export function collectDistinctRecipients<T extends { key: RecipientKey }>(recipients: readonly T[]): T[] {
  const seen = new Map<RecipientKey, T>();
  for (const recipient of recipients) if (!seen.has(recipient.key)) seen.set(recipient.key, recipient);
  return [...seen.values()];
}

/**
 * An inline identification. Properties and preferences are merged deeply, each channel's data is replaced (E-038 to
 * E-041).
 */
export interface RecipientUpsert {
  key: RecipientKey;
  properties: JsonObject;
  preferences?: PreferenceSets;
  /** The origin of the preferences. Without it, that of preferences that change is unknown. */
  origin?: PreferenceOrigin;
  channel_data?: Record<string, JsonObject>;
  /** A static audience that the existing user joins or leaves. Then nothing else changes (E-332). */
  audience?: AudienceChange;
  /** The depth of the run in a chain of triggers, for a change by a step. It also bounds chains through audiences. */
  depth?: number;
}

interface AudienceChange {
  action: "add" | "remove";
  key: string;
  tenant: string | null;
}
