import { type Recipient, type RecipientKey, splitKey, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { isoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

const NO_FIELDS: JsonObject = { name: null, email: null, avatar: null, phone_number: null, timezone: null };

function head(typename: string, { key }: Recipient): JsonObject {
  return { __typename: typename, id: splitKey(key).id };
}

/** Without what the answer itself says: an application may have sent back what it once got. */
function ownOf({ key, properties }: Recipient): JsonObject {
  const { __typename: _typename, id: _id, created_at: _created, updated_at: _updated, ...own } = properties;
  return splitKey(key).collection === TENANTS ? withPreferenceSetId(own) : own;
}

/** Returns a tenant's properties with the id of its preference set, which the API always answers. */
function withPreferenceSetId(tenant: JsonObject): JsonObject {
  const { settings } = tenant;
  if (!isJsonObject(settings) || !isJsonObject(settings.preference_set)) return tenant;
  return { ...tenant, settings: { ...settings, preference_set: { ...settings.preference_set, id: "default" } } };
}

function times(recipient: Recipient): JsonObject {
  return {
    created_at: recipient.properties.created_at ?? null, // the caller's own
    updated_at: isoTime(recipient.updated_at),
  };
}

/** The API's `User`: custom properties at the top. */
export function userShape(recipient: Recipient): JsonObject {
  return { ...head("User", recipient), ...NO_FIELDS, ...ownOf(recipient), ...times(recipient) };
}

/** The API's `Object`: custom properties apart. */
export function objectShape(recipient: Recipient): JsonObject {
  const { collection } = splitKey(recipient.key);
  return { ...head("Object", recipient), collection, properties: ownOf(recipient), ...times(recipient) };
}

/** The API's `Tenant`: custom properties at the top, `settings` an object of its own. */
export function tenantShape(recipient: Recipient): JsonObject {
  return { ...head("Tenant", recipient), name: null, settings: {}, ...ownOf(recipient), ...times(recipient) };
}

/** A tenant is an object where it plays a recipient (E-048). */
export function recipientShape(recipient: Recipient): JsonObject {
  return splitKey(recipient.key).collection === USERS ? userShape(recipient) : objectShape(recipient);
}

/** A recipient that others refer to, though it may never have been identified: then its id is all there is. */
export function referredShape(key: RecipientKey, found: ReadonlyMap<RecipientKey, Recipient>, at: number): JsonObject {
  return recipientShape(
    found.get(key) ?? { key, properties: {}, preferences: {}, channel_data: {}, inserted_at: at, updated_at: at },
  );
}
