import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { reportBelow } from "../findings/report-finding.js";
import { preferenceSetSchema } from "../preferences/preference-set-schema.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import { TENANTS } from "../recipient/recipient.js";
import { tenantSettingsSchema, typedPropertyFields } from "../recipient/typed-properties.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { anyObject, anyValue, checkedString, described, lazySchema, optional, record, rule } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";
import { channelDataSchema } from "./channel-data-schema.js";

/** Returns the schema of the ID of a user, object or tenant, or of a collection (E-051). */
export const idSchema = () => checkedString(describeInvalidId);

const settingsWithPreferences = once(() =>
  z.extend(tenantSettingsSchema(), {
    preference_set: described(optional(preferenceSetSchema()), "Default preferences of the tenant's recipients."),
  }),
);

const channelData = () =>
  described(
    optional(lazySchema(() => record(channelDataSchema()))),
    "Tokens and connections of the recipient, by key or ID of the channel.",
  );

const commonFields = () => ({
  ...typedPropertyFields(),
  channel_data: channelData(),
  preferences: described(
    optional(lazySchema(() => record(preferenceSetSchema()))),
    "Preference sets by ID: default, or a tenant's ID.",
  ),
});

const triggerData = () =>
  described(
    optional(anyObject()),
    "In a trigger: data of this recipient's run only, merged over the data of the trigger.",
    {
      seat: "12A",
    },
  );

/** Returns a check of the settings of a tenant that is written as an object of the system collection (E-048). */
const tenantSettingsRule = (schema: () => z.ZodMiniType) =>
  rule(({ collection, settings }, report) => {
    if (collection === TENANTS && settings !== undefined && settings !== null)
      checkClosedDocument(schema(), settings, reportBelow(report, "settings"));
  });

/** The schema of a user in a recipients file. */
export const userSchema = once(() => z.looseObject({ id: described(idSchema(), "The user's ID."), ...commonFields() }));

/** The schema of an object in a recipients file. */
export const objectSchema = once(() =>
  z
    .looseObject({
      id: described(idSchema(), "The object's ID in its collection."),
      collection: described(idSchema(), "The collection of the object."),
      ...commonFields(),
    })
    .check(tenantSettingsRule(settingsWithPreferences)),
);

/** The schema of a tenant, in a recipients file or inline (E-047). */
export const tenantObjectSchema = once(() =>
  z.looseObject({
    id: described(idSchema(), "The tenant's ID."),
    ...commonFields(),
    settings: described(
      optional(lazySchema(settingsWithPreferences)),
      "The tenant's branding and default preferences.",
    ),
    $trigger_data: triggerData(),
  }),
);

/**
 * The schema of a user, object or tenant that is identified inline, or of a reference to an object (E-034 to E-042).
 */
export const inlineRecipientSchema = once(() =>
  z
    .looseObject({
      id: described(idSchema(), "The ID of the user or of the object."),
      collection: described(z.optional(idSchema()), "The collection of an object."),
      ...commonFields(),
      $trigger_data: triggerData(),
    })
    .check(tenantSettingsRule(settingsWithPreferences)),
);

/** The schema of a recipient or an actor in the API's format (E-034). */
export const recipientSchema = once(() =>
  unionByType("a user ID, an object reference or an inline recipient", {
    text: idSchema,
    object: inlineRecipientSchema,
  }),
);

/** The schema of a tenant: an ID, or an inline tenant (E-047). */
export const tenantSchema = once(() =>
  unionByType("a tenant id or an inline tenant", { text: idSchema, object: tenantObjectSchema }),
);

/**
 * The schema of the fields of an inline recipient to which the API description gives a type. Bulk requests check these
 * before they start.
 */
export const recipientTypesSchema = once(() =>
  z
    .looseObject({ collection: anyValue(), ...typedPropertyFields(), channel_data: channelData() })
    .check(tenantSettingsRule(tenantSettingsSchema)),
);
