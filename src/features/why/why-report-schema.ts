import * as z from "zod/mini";
import { recipientReferenceSchema, STEP_OUTCOME_FIELDS } from "../../domain/run/outcome-schema.js";
import { REASONS } from "../../domain/run/reasons.js";
import { described, nonEmptyString } from "../../domain/schema/fields.js";
import {
  countField,
  definition,
  flagField,
  textField,
  textOrNull,
  timeField,
  timeOrNull,
} from "../../domain/schema/output-fields.js";
import { getKeys } from "../../util/json.js";
import { RULES } from "./rules.js";

const placeSchema = definition(
  "place",
  z.object({
    file: textField("The path of the file."),
    line: countField("The line, from 1."),
    column: countField("The column, from 1."),
  }),
);

const comparedSchema = z.object({
  variable: textField("The variable or path that the condition reads."),
  operator: textField("The operator."),
  argument: described(z.unknown(), "The value to compare with."),
  value: described(z.unknown(), "The value that was found, or null."),
  result: described(z.nullable(z.boolean()), "The result; null if the condition was not evaluated."),
});

const preferenceSchema = z.object({
  set: described(
    z.optional(z.enum(["recipient", "tenant_default", "environment_default"])),
    "The set that decided: the recipient's own, the defaults of the tenant, or the defaults of the environment.",
  ),
  id: z.optional(textOrNull("The set's ID, default or a tenant; the tenant's ID for its defaults.")),
  path: textField("The path in the set."),
  value: z.optional(described(z.unknown(), "The value, false; absent if conditions decided.")),
});

export const decisionSchema = definition(
  "decision",
  z.object({
    rule: described(z.enum(getKeys(RULES)), "The first rule that decided."),
    code: described(
      z.enum([...getKeys(REASONS), "workflow_inactive", "recipient_not_allowed"]),
      "The reason code of the run or step, or the error code of a trigger that would be rejected.",
    ),
    detail: textOrNull("The cause in a few words. The wording may change."),
    compared: described(z.array(comparedSchema), "The conditions that were compared; empty without any."),
    preference: described(z.nullable(preferenceSchema), "The preference that decided, or null."),
    place: described(z.nullable(placeSchema), "Where the rule is defined in the project's files, or null."),
    source: textField("The origin of the rule: a file, the store, the account or the trigger."),
    change: textField("The change that would make the rule pass."),
  }),
);

const ruleStateSchema = z.object({
  rule: described(z.enum(getKeys(RULES)), "The rule."),
  state: described(z.enum(["passed", "decided", "not_reached"]), "Whether it passed, decided, or was not reached."),
});

const whyStepSchema = definition(
  "why_step",
  z.object({
    ref: STEP_OUTCOME_FIELDS.ref,
    type: STEP_OUTCOME_FIELDS.type,
    channel_type: STEP_OUTCOME_FIELDS.channel_type,
    outcome: STEP_OUTCOME_FIELDS.outcome,
    branch: STEP_OUTCOME_FIELDS.branch,
    at: timeOrNull("When the message is sent, or when a waiting step continues; null if the step does neither."),
    place: described(z.nullable(placeSchema), "Where the step is defined, or null."),
    compared: described(z.array(comparedSchema), "The conditions of the step with the compared values."),
    decision: described(z.nullable(decisionSchema), "Why the step sent nothing or did not pass; null if it did."),
    rules: z.optional(
      described(z.array(ruleStateSchema), "All rules of the step in the engine's order, with --all-rules."),
    ),
  }),
);

const groupSchema = z.object({
  subscribers: countField("The number of subscribers in the group."),
  sends: flagField("Whether they get a message."),
  decision: described(z.nullable(decisionSchema), "Why they get nothing, for the first of them; null if they do."),
  recipients: described(z.array(recipientReferenceSchema), "The first 10 of them."),
});

const subscribersSchema = z.object({
  total: countField("The number of subscribers that a trigger reaches, including those of subscribed objects."),
  sends: countField("The number of those who get a message."),
  groups: described(z.array(groupSchema), "Subscribers with the same result, the largest group first."),
});

/** The schema of what `knock why --json` prints. */
export const whyReportSchema = z.object({
  workflow: described(nonEmptyString(), "The workflow's key."),
  recipient: recipientReferenceSchema,
  target: described(z.enum(["local", "remote"]), "Where the recipient or the run comes from."),
  run: textOrNull("The ID of the recipient run that is explained; null if the workflow was tried in memory."),
  at: timeField("The time of the trigger."),
  missing_data: described(
    z.array(z.string()),
    "The properties of the data that the workflow requires and the trigger does not have. Conditions may decide differently with them.",
  ),
  sends: flagField("Whether the recipient gets a message, also later. For an object, whether anyone does."),
  decision: described(
    z.nullable(decisionSchema),
    "Why nothing is sent: the rule that stopped the run, or the first one that a channel step did not pass. Null if something is sent.",
  ),
  rules: z.optional(described(z.array(ruleStateSchema), "The rules of the trigger, with --all-rules.")),
  steps: described(z.array(whyStepSchema), "The steps that the run of the recipient reaches, in order."),
  subscribers: described(z.nullable(subscribersSchema), "The subscribers of an object; null for a user."),
});

export type WhyReport = z.infer<typeof whyReportSchema>;
export type Decision = z.infer<typeof decisionSchema>;
export type WhyStep = z.infer<typeof whyStepSchema>;
export type RuleState = z.infer<typeof ruleStateSchema>;
export type Place = z.infer<typeof placeSchema>;
