import * as z from "zod/mini";

import { described, nonEmptyString } from "../../domain/schema/fields.js";
import {
  definition,
  flagField,
  jsonObject,
  jsonObjectOrNull,
  jsonValue,
  textField,
  textOrNull,
  timeField,
  timeOrNull,
  typeName,
} from "../../domain/schema/output-fields.js";
import { REPEAT_DAYS, REPEAT_FREQUENCIES } from "../../domain/trigger/schedule.js";

/** The recipients of the API and the objects about them, as the API's description defines them. */

/** The API's `User`. Custom properties are further fields. */
export const userSchema = definition(
  "user",
  z.looseObject({
    __typename: typeName("User"),
    id: described(nonEmptyString(), "The user's ID."),
    name: z.optional(textOrNull("The name, or null.")),
    email: z.optional(textOrNull("The email address, or null.")),
    avatar: z.optional(textOrNull("The URL of a picture, or null.")),
    phone_number: z.optional(textOrNull("The phone number, or null.")),
    timezone: z.optional(textOrNull("The time zone, or null.")),
    created_at: z.optional(textOrNull("The creation time that the caller set, or null.")),
    updated_at: timeField("When the user was last changed."),
  }),
);

/** The API's `Object`. */
export const objectSchema = definition(
  "object",
  z.object({
    __typename: typeName("Object"),
    id: described(nonEmptyString(), "The object's ID."),
    collection: described(nonEmptyString(), "The object's collection."),
    properties: z.optional(jsonObject("The properties of the object.")),
    created_at: z.optional(textOrNull("The creation time that the caller set, or null.")),
    updated_at: timeField("When the object was last changed."),
  }),
);

/** The API's `Tenant`. Custom properties are further fields. */
export const tenantSchema = definition(
  "tenant",
  z.looseObject({
    __typename: typeName("Tenant"),
    id: described(nonEmptyString(), "The tenant's ID."),
    name: z.optional(textOrNull("The name, or null.")),
    settings: z.optional(jsonObjectOrNull("The branding and the default preferences.")),
    created_at: z.optional(textOrNull("The creation time that the caller set, or null.")),
    updated_at: z.optional(timeField("When the tenant was last changed.")),
  }),
);

/** The API's `Recipient`: a user or an object with all properties. */
export const recipientSchema = described(z.union([userSchema, objectSchema]), "A user or an object.");

const preferenceSection = (description: string) => jsonObjectOrNull(description);

/** The API's `PreferenceSet`. */
export const preferenceSetSchema = definition(
  "preference_set",
  z.object({
    id: described(nonEmptyString(), "default, or the ID of a tenant."),
    workflows: preferenceSection("Preferences by workflow key, or null."),
    categories: preferenceSection("Preferences by workflow category, or null."),
    channel_types: preferenceSection("Preferences by channel type, or null."),
    channels: preferenceSection("Preferences by channel, or null."),
    commercial_subscribed: jsonValue("Whether commercial workflows may send: true, false, conditions or null."),
  }),
);

/** The API's `Subscription`. */
export const subscriptionSchema = definition(
  "subscription",
  z.object({
    __typename: typeName("Subscription"),
    object: described(objectSchema, "The object that the recipient is subscribed to."),
    recipient: recipientSchema,
    properties: jsonObjectOrNull("The properties of the subscription."),
    inserted_at: timeField("When the subscription was created."),
    updated_at: timeField("When the subscription was last changed."),
  }),
);

/** The API's `AudienceMember`. */
export const audienceMemberSchema = definition(
  "audience_member",
  z.object({
    __typename: typeName("AudienceMember"),
    user_id: described(nonEmptyString(), "The user's ID."),
    user: described(userSchema, "The user."),
    tenant: textOrNull("The tenant that the membership is limited to, or null."),
    added_at: timeField("When the user became a member."),
  }),
);

const repeatSchema = z.object({
  __typename: typeName("ScheduleRepeat"),
  frequency: described(z.enum(REPEAT_FREQUENCIES), "The unit of the interval."),
  interval: described(z.int().check(z.gte(1)), "The number of units between occurrences."),
  day_of_month: described(z.nullable(z.int()), "The day of the month, or null."),
  days: described(z.nullable(z.array(z.enum(REPEAT_DAYS))), "The days of the week, or null."),
  hours: described(z.nullable(z.int()), "The hour, or null."),
  minutes: described(z.nullable(z.int()), "The minute, or null."),
});

/** The API's `Schedule`. */
export const scheduleSchema = definition(
  "schedule",
  z.object({
    __typename: typeName("Schedule"),
    id: textField("The ID of the schedule, a UUID."),
    last_occurrence_at: timeOrNull("The last occurrence, or null."),
    next_occurrence_at: timeOrNull("The next occurrence; null if the schedule has ended."),
    workflow: textField("The workflow's key."),
    recipient: recipientSchema,
    actor: described(z.nullable(recipientSchema), "The actor, or null."),
    tenant: textOrNull("The tenant's ID, or null."),
    data: jsonObjectOrNull("The trigger data, or null."),
    repeats: described(z.array(repeatSchema), "When the schedule repeats; empty if it occurs once."),
    inserted_at: timeField("When the schedule was created."),
    updated_at: timeField("When the schedule was last changed."),
  }),
);

/** A member as `audiences add` and `audiences remove` print it. */
export const membershipSchema = definition(
  "membership",
  z.object({
    user_id: textField("The user's ID."),
    tenant: textOrNull("The tenant that the membership is limited to, or null."),
  }),
);

export type Membership = z.infer<typeof membershipSchema>;

export const membersAddedSchema = z.object({
  audience: textField("The audience's key."),
  added: described(z.array(membershipSchema), "The members that were added, as they were requested."),
});

export const membersRemovedSchema = z.object({
  audience: textField("The audience's key."),
  removed: described(
    z.nullable(z.array(membershipSchema)),
    "The members that were removed. Null on the remote target, because the API does not report them.",
  ),
  not_members: described(
    z.nullable(z.array(membershipSchema)),
    "Requested users who were not members. Null on the remote target.",
  ),
});

const deletedSchema = <const Noun extends string>(noun: Noun, description: string) =>
  z.object({
    deleted: described(z.literal(true), "Always true. An unknown ID is an error."),
    [noun]: textField(description),
  });

export const deletedUserSchema = deletedSchema("user", "The user's ID.");
export const deletedObjectSchema = deletedSchema("object", "The object as collection/id.");
export const deletedTenantSchema = deletedSchema("tenant", "The tenant's ID.");

export const deletedPreferencesSchema = z.object({
  deleted: flagField("Always true."),
  preference_set: textField("The recipient and the ID of the set, separated by a space."),
});
