import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { described, nonEmptyString, optional, schemaReference } from "../schema/fields.js";

/** Properties that segments cannot use (E-394). */
const UNSUPPORTED_PROPERTIES = ["created_at", "updated_at"];

/** The schema of an `audience.json` (section 15 of the format, F-034). It is built when the first audience is read. */
export const audienceSchema = once(() => {
  const property = z.string().check(
    z.refine((text) => text.trim() !== "", { error: "must be a property of users, such as recipient.plan" }),
    z.refine((text) => !UNSUPPORTED_PROPERTIES.includes(text.replace(/^recipient\./, "")), {
      error: ({ input }) => `${String(input)} cannot be used in a segment`,
    }),
  );
  const condition = z.strictObject({
    property: described(property, 'A property of the user, such as "plan" or "recipient.plan".'),
    operator: described(z.string(), 'The comparison operator, such as "equal_to".'),
    argument: described(z.optional(z.unknown()), "The value to compare with.", "pro"),
  });
  const segment = z.strictObject({
    conditions: described(z.array(condition).check(z.minLength(1)), "Conditions that a user must all meet."),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      name: described(nonEmptyString(), "The display name."),
      type: described(
        z.enum(["static", "dynamic"]),
        "static: members are added explicitly. dynamic: members match the segments.",
      ),
      description: described(optional(z.string()), "The purpose of the audience."),
      segments: described(
        optional(z.array(segment)),
        "Dynamic audiences: segments, of which a user must match at least one.",
      ),
    }),
    "An audience: a set of users for broadcasts, workflows and guides.",
  );
});
