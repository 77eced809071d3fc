import * as z from "zod/mini";
import type { JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/timestamp.js";
import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS } from "../message/message.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { describeType } from "../schema/describe-issue.js";
import { optional, textWith } from "../schema/fields.js";
import { parseOrThrow } from "../shape/invalid-params.js";

/** A required string, where anything else is the same fault. */
function required(expected: string) {
  const error = `is required (${expected})`;
  return z.string({ error }).check(z.minLength(1, { error }));
}

const time = () => textWith((text) => (parseTimestamp(text) === undefined ? "must be an ISO 8601 time" : null));

/** */
export const mergeBodySchema = once(() => z.looseObject({ from_user_id: required("a user's id") }));

/** a trigger that names its workflow in the body. */
export const notifyBodySchema = once(() => {
  const actor = z.unknown().check(z.refine((value) => value !== undefined && value !== null, { error: "is required" }));
  return z.looseObject({ name: required("a workflow's key"), actor });
});

/** */
export const notifyCancelBodySchema = once(() => z.looseObject({ name: required("a workflow's key") }));

/** */
export const messageIdsBodySchema = once(() =>
  z.looseObject({
    message_ids: z.array(z.string(), { error: ({ input }) => describeType("a list of ids", input) }),
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
  });
});

/** Returns a request's body, once it is checked. Its other keys are ignored. Throws `invalid_params` with every fault. */
export function checkBody<S extends z.ZodMiniType>(schema: S, body: JsonObject): z.output<S> {
  return parseOrThrow("the request", (fault) => checkClosedDocument(schema, body, fault)) as z.output<S>;
}
