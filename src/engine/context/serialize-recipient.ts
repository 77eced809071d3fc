import {
  buildUnidentifiedRecipient,
  type Recipient,
  type RecipientKey,
  splitRecipientKey,
  TENANTS,
  USERS,
} from "../../domain/recipient/recipient.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

const EMPTY_FIELDS: JsonObject = { name: null, email: null, avatar: null, phone_number: null, timezone: null };

function buildHeader(typename: string, { key }: Recipient): JsonObject {
  return { __typename: typename, id: splitRecipientKey(key).id };
}

/**
 * Returns the properties without the fields that the response sets itself. An application may have sent them back from
 * an earlier response.
 */
function getOwnProperties({ key, properties }: Recipient): JsonObject {
  const { __typename: _typename, id: _id, created_at: _created, updated_at: _updated, ...own } = properties;
  return splitRecipientKey(key).collection === TENANTS ? addPreferenceSetId(own) : own;
}

/** Returns a tenant's properties with the id of its preference set, which the API always includes. */
function addPreferenceSetId(tenant: JsonObject): JsonObject {
  const { settings } = tenant;
  if (!isJsonObject(settings) || !isJsonObject(settings.preference_set)) return tenant;
  return { ...tenant, settings: { ...settings, preference_set: { ...settings.preference_set, id: "default" } } };
}

function serializeTimes(recipient: Recipient): JsonObject {
  return {
    created_at: recipient.properties.created_at ?? null, // the property that the caller set
    updated_at: toIsoTime(recipient.updated_at),
  };
}

/** Returns the API's `User`. Custom properties are at the top level. */
export function serializeUser(recipient: Recipient): JsonObject {
  return {
    ...buildHeader("User", recipient),
    ...EMPTY_FIELDS,
    ...getOwnProperties(recipient),
    ...serializeTimes(recipient),
  };
}

/** Returns the API's `Object`. Custom properties are in `properties`. */
export function serializeObject(recipient: Recipient): JsonObject {
  const { collection } = splitRecipientKey(recipient.key);
  return {
    ...buildHeader("Object", recipient),
    collection,
    properties: getOwnProperties(recipient),
    ...serializeTimes(recipient),
  };
}

/**
 * Returns the API's `Tenant`. Custom properties are at the top level, `settings` is an object of its own
 * (A-091).
 */
export function serializeTenant(recipient: Recipient): JsonObject {
  return {
    ...buildHeader("Tenant", recipient),
    name: null,
    settings: {},
    ...getOwnProperties(recipient),
    ...serializeTimes(recipient),
  };
}

/** Returns the API's `User` or `Object`. A tenant that is a recipient is an `Object` (E-048). */
function serializeRecipient(recipient: Recipient): JsonObject {
  return splitRecipientKey(recipient.key).collection === USERS ? serializeUser(recipient) : serializeObject(recipient);
}

/** Returns a recipient that something else refers to. It may never have been identified; then it has only an id. */
export function serializeReferencedRecipient(
  key: RecipientKey,
  recipients: ReadonlyMap<RecipientKey, Recipient>,
  at: number,
): JsonObject {
  return serializeRecipient(recipients.get(key) ?? buildUnidentifiedRecipient(key, at));
}
