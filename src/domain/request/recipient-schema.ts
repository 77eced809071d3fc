import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { preferenceSetSchema } from "../preferences/preference-set-schema.js";
import { TENANTS } from "../recipient/recipient.js";
import { idFault } from "../recipient/recipient-id.js";
import { tenantSettingsSchema, typedPropertyFields } from "../recipient/typed-properties.js";
import { byKind } from "../schema/by-kind.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { anything, described, later, optional, record, rule, textWith } from "../schema/fields.js";
import { below } from "../shape/complain.js";
import { channelDataSchema } from "./channel-data-schema.js";

/** An ID of a user, an object or a tenant, or a collection (E-051). */
export const idSchema = () => textWith(idFault);

const settingsWithPreferences = once(() =>
  z.extend(tenantSettingsSchema(), {
    preference_set: described(optional(preferenceSetSchema()), "Default preferences of the tenant's recipients."),
  }),
);

const channelData = () =>
  described(
    optional(later(() => record(channelDataSchema()))),
    "What providers know the recipient by, by key or ID of the channel.",
  );

const own = () => ({
  ...typedPropertyFields(),
  channel_data: channelData(),
  preferences: described(
    optional(later(() => record(preferenceSetSchema()))),
    "Preference sets by ID: default, or a tenant's ID.",
  ),
});

const triggerData = () =>
  described(optional(record(z.unknown())), "Data of this recipient's run only, merged over the data of the trigger.");

/** An object of the system collection of tenants has settings (E-048). */
const settingsOfTenants = (schema: () => z.ZodMiniType) =>
  rule(({ collection, settings }, fault) => {
    if (collection === TENANTS && settings !== undefined && settings !== null)
      checkClosedDocument(schema(), settings, below(fault, "settings"));
  });

/** A user in a recipients file. */
export const userSchema = once(() => z.looseObject({ id: described(idSchema(), "The user's ID."), ...own() }));

/** An object in a recipients file. */
export const objectSchema = once(() =>
  z
    .looseObject({
      id: described(idSchema(), "The object's ID in its collection."),
      collection: described(idSchema(), "The collection of the object."),
      ...own(),
    })
    .check(settingsOfTenants(settingsWithPreferences)),
);

/** A tenant, in a recipients file or inline (E-047). */
export const tenantObjectSchema = once(() =>
  z.looseObject({
    id: described(idSchema(), "The tenant's ID."),
    ...own(),
    settings: described(optional(later(settingsWithPreferences)), "The tenant's branding and default preferences."),
    $trigger_data: triggerData(),
  }),
);

/** A user, an object or a tenant identified inline, or a reference to an object (E-034 to E-042). */
export const inlineRecipientSchema = once(() =>
  z
    .looseObject({
      id: described(idSchema(), "The ID of the user or of the object."),
      collection: described(z.optional(idSchema()), "The collection of an object."),
      ...own(),
      $trigger_data: triggerData(),
    })
    .check(settingsOfTenants(settingsWithPreferences)),
);

/** A recipient or an actor as the API takes it (E-034). */
export const recipientSchema = once(() =>
  byKind("a user id, an object reference or an inline recipient", { text: idSchema, object: inlineRecipientSchema }),
);

/** A tenant: an ID, or an inline tenant (E-047). */
export const tenantSchema = once(() =>
  byKind("a tenant id or an inline tenant", { text: idSchema, object: tenantObjectSchema }),
);

/** The part of an inline recipient that the API description types: bulk requests check it before they start. */
export const recipientTypesSchema = once(() =>
  z
    .looseObject({ collection: anything(), ...typedPropertyFields(), channel_data: channelData() })
    .check(settingsOfTenants(tenantSettingsSchema)),
);
