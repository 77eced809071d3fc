import * as z from "zod/mini";
import { isJsonObject, toPointer } from "../../util/json.js";
import { once } from "../../util/once.js";
import { formatPointer } from "../findings/describe-finding.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { TENANTS, USERS } from "../recipient/recipient.js";
import { anyObject, described, listRule, record, rule, schemaReference } from "../schema/fields.js";
import { memberEntrySchema } from "./recipient-list-schemas.js";
import { objectSchema, recipientSchema, tenantObjectSchema, userSchema } from "./recipient-schema.js";

/** The collection of the recipients in each list. Objects name their collection themselves. */
const COLLECTIONS = { users: USERS, objects: null, tenants: TENANTS };

/** Reports recipients that are listed twice, because the later one would silently replace the earlier one. */
function checkDuplicates(file: Record<string, unknown>, report: ReportFinding): void {
  const pathsByName = new Map<string, string>();
  for (const [list, collection] of Object.entries(COLLECTIONS)) {
    const entries = file[list];
    if (!Array.isArray(entries)) continue;
    for (const [index, entry] of entries.entries()) {
      if (!isJsonObject(entry) || typeof entry.id !== "string") continue;
      const name = JSON.stringify([collection ?? entry.collection, entry.id]);
      const other = pathsByName.get(name);
      if (other !== undefined) report([list, index, "id"], `is already the ID of ${other}`);
      pathsByName.set(name, formatPointer(toPointer([list, index])));
    }
  }
}

const noCollectionRule = listRule((users, report) => {
  for (const [index, user] of users.entries())
    if (isJsonObject(user) && user.collection !== undefined)
      report([index, "collection"], "a user has no collection; list it under objects");
});

/** The schema of a file in `recipients/`. */
export const recipientsFileSchema = once(() => {
  const subscription = z.strictObject({
    object: described(recipientSchema(), "The object: its collection and its ID."),
    recipient: described(recipientSchema(), "The subscriber: a user ID or an object."),
    properties: described(z.optional(anyObject()), "Properties of the subscription."),
  });
  return described(
    z
      .strictObject({
        $schema: schemaReference(),
        users: described(z.optional(z.array(userSchema()).check(noCollectionRule)), "Users."),
        objects: described(z.optional(z.array(objectSchema())), "Objects."),
        tenants: described(z.optional(z.array(tenantObjectSchema())), "Tenants."),
        subscriptions: described(z.optional(z.array(subscription)), "Subscriptions of recipients to objects."),
        audiences: described(
          z.optional(record(z.array(memberEntrySchema()))),
          "Members of static audiences, by key of the audience.",
        ),
      })
      .check(rule(checkDuplicates)),
    "Initial recipients of the local store.",
  );
});
