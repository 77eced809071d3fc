import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS } from "../message/message.js";
import { describeInvalidType } from "../schema/describe-issue.js";
import { anyValue, checkedString, listRule, matchingString, optional } from "../schema/fields.js";
import { pairsOrTextSchema } from "./query-parameters.js";

const requiredString = (expected: string) => matchingString((text) => text !== "", `is required (${expected})`);

const time = () => checkedString((text) => (parseTimestamp(text) === undefined ? "must be an ISO 8601 time" : null));

/** */
export const mergeBodySchema = once(() => z.looseObject({ from_user_id: requiredString("a user's id") }));

/** a trigger that names its workflow in the body. */
export const notifyBodySchema = once(() => {
  const actor = z.unknown().check(z.refine((value) => value !== undefined && value !== null, { error: "is required" }));
  return z.looseObject({ name: requiredString("a workflow's key"), actor });
});

/** */
export const notifyCancelBodySchema = once(() => z.looseObject({ name: requiredString("a workflow's key") }));

/** What the documents allow a test run, and the service's own command does not check (CLI-395). */
const MAX_TEST_RECIPIENTS = 5;

/** a trigger, whose own parser checks the rest. */
export const testRunBodySchema = once(() => {
  const recipients = anyValue().check(
    listRule(({ length }, report) => {
      if (length > MAX_TEST_RECIPIENTS)
        report([], `has ${length} items; a test run has at most ${MAX_TEST_RECIPIENTS}`);
    }),
  );
  return z.looseObject({ recipients });
});

/** */
export const messageIdsBodySchema = once(() =>
  z.looseObject({
    message_ids: z.array(z.string(), { error: ({ input }) => describeInvalidType("a list of ids", input) }),
  }),
);

/** which messages of a channel a bulk action is for. */
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
