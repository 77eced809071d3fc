import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS } from "../message/message.js";
import { describeInvalidType } from "../schema/describe-issue.js";
import { anyValue, checkedString, listRule, matchingString, optional } from "../schema/fields.js";
import { pairsOrTextSchema } from "./query-parameters.js";

const requiredString = (expected: string) => matchingString((text) => text !== "", `is required (${expected})`);

const time = () => checkedString((text) => (parseTimestamp(text) === undefined ? "must be an ISO 8601 time" : null));

/** The schema of a body that merges users. */
export const mergeBodySchema = once(() => z.looseObject({ from_user_id: requiredString("a user's id") }));

/** The schema of a trigger that names its workflow in the body. */
export const notifyBodySchema = once(() => {
  const actor = z.unknown().check(z.refine((value) => value !== undefined && value !== null, { error: "is required" }));
  return z.looseObject({ name: requiredString("a workflow's key"), actor });
});

/** The schema of a cancellation that names its workflow in the body. */
export const notifyCancelBodySchema = once(() => z.looseObject({ name: requiredString("a workflow's key") }));

/**
 * Limits the recipients of a test run. The limit is documented, but the service's own command does not check it
 * (CLI-395).
 */
const MAX_TEST_RECIPIENTS = 5;

/** The schema of a test run. It is a trigger, whose own parser checks the other fields. */
export const testRunBodySchema = once(() => {
  const recipients = anyValue().check(
    listRule(({ length }, report) => {
      if (length > MAX_TEST_RECIPIENTS)
        report([], `has ${length} items; a test run has at most ${MAX_TEST_RECIPIENTS}`);
    }),
  );
  return z.looseObject({ recipients });
});

/** The schema of a body with message IDs. */
export const messageIdsBodySchema = once(() =>
  z.looseObject({
    message_ids: z.array(z.string(), { error: ({ input }) => describeInvalidType("a list of ids", input) }),
  }),
);

/** The schema of the filter that selects a channel's messages for a bulk action. */
export const messageFilterBodySchema = once(() => {
  const texts = optional(z.array(z.string()));
  return z.looseObject({
    newer_than: optional(time()),
    older_than: optional(time()),
    engagement_status: optional(z.enum(ENGAGEMENT_ACTIONS)),
    delivery_status: optional(z.enum(DELIVERY_STATUSES)),
    archived: optional(z.enum(["exclude", "include", "only"])),
    recipient_ids: texts,
    user_ids: texts,
    tenants: texts,
    workflows: texts,
    has_tenant: optional(z.boolean()),
    trigger_data: pairsOrTextSchema(),
  });
});
