import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { MAX_AUDIENCE_MEMBERS } from "../audience/audience.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import { USERS } from "../recipient/recipient.js";
import { MAX_SUBSCRIPTIONS } from "../recipient/subscription.js";
import { describeInvalidType } from "../schema/describe-issue.js";
import { anyObject, anyValue, described, optional, rule } from "../schema/fields.js";
import { listOrSingle } from "../schema/lists.js";
import { variant } from "../schema/variant.js";
import { idSchema, inlineRecipientSchema, recipientSchema } from "./recipient-schema.js";

const usersOnlyRule = z.check<unknown>(({ value, issues }) => {
  if (isJsonObject(value) && value.collection !== undefined && value.collection !== USERS)
    issues.push({
      code: "custom",
      message: "must be a user: audiences cannot contain objects",
      input: value,
      continue: true,
    });
});

const MEMBER_TENANT = "must be a tenant's id or null";

const memberTenantRule = rule(({ tenant }, report) => {
  if (tenant === undefined || tenant === null) return;
  const message = typeof tenant === "string" && tenant.trim() !== "" ? describeInvalidId(tenant) : MEMBER_TENANT;
  if (message !== null) report(["tenant"], message);
});

/**
 * The schema of a member of a static audience in the API's format: a user with the tenant of the membership.
 */
const memberSchema = once(() =>
  z
    .looseObject(
      {
        user: described(recipientSchema().check(usersOnlyRule), "The user: an ID, or an inline user.", "ada"),
        tenant: described(anyValue(), "The ID of the tenant of the membership.", "acme"),
      },
      { error: 'must be an object with "user"' },
    )
    .check(memberTenantRule),
);

/**
 * The schema of a member in a recipients file: the API's format, a user's ID, or an inline user whose `tenant` is that
 * of the membership.
 */
export const memberEntrySchema = once(() => {
  const id = idSchema();
  const user = once(() => inlineRecipientSchema().check(usersOnlyRule, memberTenantRule));
  return variant<unknown>({
    members: () => [id, memberSchema(), user()],
    choose(value) {
      if (typeof value === "string") return id;
      if (isJsonObject(value)) return "user" in value ? memberSchema() : user();
      return { path: [], message: describeInvalidType('a user ID, an inline user or an object with "user"', value) };
    },
  });
});

const list = <T extends z.ZodMiniType>(item: T, max: number) =>
  listOrSingle("a list", item, { max, noun: "entries", emptyMessage: "must have at least one entry" });

/** The schema of a body with subscribers and the properties of their subscriptions (A-513, A-514, E-065). */
export const subscriptionsBodySchema = once(() =>
  z.looseObject({
    recipients: list(recipientSchema(), MAX_SUBSCRIPTIONS),
    properties: optional(anyObject()),
  }),
);

/** The schema of a body with members of an audience (A-527 to A-529, E-387, E-392). */
export const membersBodySchema = once(() => z.looseObject({ members: list(memberSchema(), MAX_AUDIENCE_MEMBERS) }));
