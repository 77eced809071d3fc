import * as z from "zod/mini";
import { getKeys } from "../../util/json.js";
import { CHANNEL_TYPES } from "../message/channel-types.js";
import { DELIVERY_STATUSES } from "../message/message.js";
import { described, nonEmptyString } from "../schema/fields.js";
import {
  countField,
  definition,
  flagField,
  jsonObject,
  textOrNull,
  timeOrNull,
  withKeywords,
} from "../schema/output-fields.js";
import { REASONS } from "./reasons.js";
import { RUN_STATUSES } from "./run-status.js";

const objectReferenceSchema = definition(
  "object_reference",
  z.object({
    id: described(nonEmptyString(), "The object's ID."),
    collection: described(nonEmptyString(), "The object's collection."),
  }),
);

export const recipientReferenceSchema = definition(
  "recipient",
  described(z.union([nonEmptyString(), objectReferenceSchema]), "The ID of a user, or an object."),
);

export const reasonSchema = definition(
  "reason",
  z.object({
    code: described(
      z.enum(getKeys(REASONS)),
      "One of a closed list. docs/reference/reasons.md has the meaning of each code.",
    ),
    detail: textOrNull("The cause in a few words. The wording may change."),
  }),
);

const messageStatus = () => z.enum(DELIVERY_STATUSES);

/** The fields of a step's outcome. Commands that explain a step add fields to them. */
export const STEP_OUTCOME_FIELDS = {
  ref: described(nonEmptyString(), "The step's ref in its workflow."),
  type: described(z.string().check(z.regex(/^[a-z_]+$/)), "The type of the step: channel, delay, branch and others."),
  // The type is string, because a remote API may report other channel types.
  channel_type: z.optional(
    described(withKeywords(z.string(), { enum: CHANNEL_TYPES }), "The channel type of a channel step."),
  ),
  channel: z.optional(textOrNull("The channel's key; null if no channel applies.")),
  outcome: described(
    z.enum(["sent", "queued", "skipped", "waiting", "passed", "halted", "failed", "cancelled"]),
    "sent: a message was created and passed to its provider or to the sandbox (message_status not_sent). queued: a message waits for its send window or for another delivery attempt. passed: a function step completed. halted: the run ends here.",
  ),
  reason: described(z.nullable(reasonSchema), "The reason, if the step did not simply send or pass; otherwise null."),
  message_id: z.optional(described(z.nullable(nonEmptyString()), "The ID of a channel step's message, or null.")),
  message_status: z.optional(described(z.nullable(messageStatus()), "The delivery status of the message, or null.")),
  message_ids: z.optional(
    described(
      z.array(nonEmptyString()).check(z.minLength(2)),
      "The IDs of all messages if the step created several. message_id is the first.",
    ),
  ),
  message_statuses: z.optional(
    described(z.array(messageStatus()).check(z.minLength(2)), "The statuses of message_ids, in the same order."),
  ),
  until: z.optional(timeOrNull("When a waiting or queued step continues; null while it waits for an event.")),
  guide: z.optional(described(nonEmptyString(), "The guide that an in-app guide step added the user to.")),
  branch: z.optional(textOrNull("The branch that a step with branches took.")),
  matched: z.optional(flagField("Whether the event of a completed wait step occurred.")),
  signal_variables: z.optional(jsonObject("The content of that event; empty if it did not occur.")),
};

/** Rules between the fields of a step's outcome, as JSON Schema. */
export const STEP_OUTCOME_RULES = {
  allOf: [
    {
      if: { properties: { type: { const: "channel" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["message_id"] },
      else: { properties: { channel_type: false, message_id: false, message_ids: false, message_statuses: false } },
    },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { if: { properties: { outcome: { enum: ["waiting", "queued"] } } }, then: { required: ["until"] } },
    {
      if: { properties: { outcome: { enum: ["skipped", "failed", "cancelled"] } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { reason: { type: "object" } } },
    },
    {
      if: { properties: { outcome: { const: "sent" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { message_id: { type: "string" } } },
    },
  ],
};

export const stepOutcomeSchema = withKeywords(
  definition("step_outcome", z.object(STEP_OUTCOME_FIELDS)),
  STEP_OUTCOME_RULES,
);

export const recipientOutcomeSchema = withKeywords(
  definition(
    "recipient_outcome",
    z.object({
      recipient: recipientReferenceSchema,
      recipient_run_id: described(
        z.nullable(nonEmptyString()),
        "Null for a recipient that was never identified, because it has no run.",
      ),
      status: described(z.nullable(z.enum(RUN_STATUSES)), "The status of the run; null without a run."),
      steps: described(
        z.array(stepOutcomeSchema),
        "Every step that was reached, in order. Empty if the run was stopped before its first step.",
      ),
      reason: z.optional(described(reasonSchema, "Why the whole run was stopped or did not start.")),
      via: z.optional(described(objectReferenceSchema, "The object that the recipient subscribes to.")),
    }),
  ),
  {
    if: { properties: { recipient_run_id: { type: "null" } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: {
      properties: {
        status: { type: "null" },
        steps: { maxItems: 0 },
        reason: { properties: { code: { const: "recipient_not_found" } } },
      },
      required: ["reason"],
    },
  },
);

export const outcomeSummarySchema = definition(
  "summary",
  described(
    z.object({
      recipients: countField("The number of recipients."),
      messages: countField("The number of messages that were created."),
      sent: countField("The number of steps with the outcome sent."),
      skipped: countField("The number of skipped steps."),
      waiting: countField("The number of waiting and queued steps."),
      failed: countField("The number of failed steps. A recipient that was never identified adds 1."),
      cancelled: countField("The number of canceled steps."),
    }),
    "Totals of the outcomes.",
  ),
);

const targetSchema = () => described(z.enum(["local", "remote"]), "The target that ran the command.");

export const triggerOutcomeSchema = z.object({
  workflow_run_id: described(
    z.string().check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)),
    "The ID of the workflow run, a UUID v4.",
  ),
  workflow: described(nonEmptyString(), "The workflow's key."),
  target: targetSchema(),
  cancellation_key: described(
    z.nullable(z.string().check(z.minLength(1), z.maxLength(255))),
    "The key for a later `knock cancel`, or null.",
  ),
  recipients: described(
    z.nullable(z.array(recipientOutcomeSchema)),
    "One entry per recipient, in the order of the trigger. Null if the target does not report them.",
  ),
  summary: described(z.nullable(outcomeSummarySchema), "Null if recipients is null."),
});

const cancelledRecipientSchema = z.object({
  recipient: recipientReferenceSchema,
  recipient_run_id: described(nonEmptyString(), "The ID of the recipient run."),
  outcome: described(z.enum(["cancelled", "not_cancellable"]), "not_cancellable: the run had already ended."),
  reason: described(z.nullable(reasonSchema), "Why the run could not be canceled, or null."),
});

export const cancelOutcomeSchema = z.object({
  workflow: described(nonEmptyString(), "The workflow's key."),
  cancellation_key: described(nonEmptyString(), "The cancellation key."),
  target: targetSchema(),
  recipients: described(
    z.nullable(z.array(cancelledRecipientSchema)),
    "One entry per matching run. Null on the remote target, because the API does not report what was canceled.",
  ),
  summary: described(
    z.nullable(
      z.object({
        cancelled: countField("The number of canceled runs."),
        not_cancellable: countField("The number of runs that had already ended."),
        unfinished_triggers: countField(
          "The number of triggers with this key that had not reached all recipients. Their other runs are canceled when they begin.",
        ),
      }),
    ),
    "Null if recipients is null.",
  ),
});

export const expectationResultSchema = z.object({
  rule: described(z.string(), "The rule as it was given."),
  met: flagField("Whether the rule is met."),
  found: textOrNull("The value that was found instead; null if the rule is met."),
});
