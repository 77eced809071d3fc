import * as z from "zod/mini";
import { DELIVERY_STATUSES } from "../../domain/message/message.js";
import {
  reasonSchema,
  recipientReferenceSchema,
  STEP_OUTCOME_FIELDS,
  STEP_OUTCOME_RULES,
  stepOutcomeSchema,
} from "../../domain/run/outcome-schema.js";
import { RUN_STATUSES } from "../../domain/run/run-status.js";
import { described } from "../../domain/schema/fields.js";
import {
  countField,
  definition,
  flagField,
  jsonObjectOrNull,
  jsonValue,
  textField,
  textOrNull,
  timeField,
  typeName,
  withKeywords,
} from "../../domain/schema/output-fields.js";
import { itemsSchema, listSchema } from "./lists.js";
import { expectationsField } from "./outcomes.js";

const RUN_FIELDS = {
  __typename: typeName("WorkflowRecipientRun"),
  id: textField("The ID of the recipient run."),
  workflow_run_id: textField("The ID of the workflow run."),
  workflow: textField("The workflow's key."),
  recipient: recipientReferenceSchema,
  actor: z.optional(described(z.nullable(recipientReferenceSchema), "The actor, or null.")),
  tenant: z.optional(textOrNull("The tenant's ID, or null.")),
  status: described(
    z.enum(RUN_STATUSES),
    "The status of the run. failed: an error of knock ended it, and `knock runs retry` continues it.",
  ),
  error_count: z.optional(countField("The number of errors.")),
  trigger_source: described(
    z.object({
      type: described(
        z.enum(["api", "audience", "schedule", "broadcast", "workflow_step", "integration", "rehearsal"]),
        "The origin of the run.",
      ),
      audience_key: z.optional(textOrNull("The audience, if the recipient joined one.")),
      schedule_id: z.optional(textOrNull("The schedule, if one started the run.")),
      cancellation_key: z.optional(textOrNull("The cancellation key, if the trigger has one.")),
      rerun_of: z.optional(textField("The ID of the workflow run that this one repeats, for a rerun that was kept.")),
    }),
    "The origin of the run.",
  ),
  inserted_at: timeField("When the run started."),
  updated_at: timeField("When the run last changed."),
};

/** The API's `WorkflowRecipientRun`, with the outcomes of its steps if the target reports them. */
export const recipientRunSchema = definition(
  "recipient_run",
  z.object({
    ...RUN_FIELDS,
    steps: z.optional(
      described(z.array(stepOutcomeSchema), "The steps that were reached. Absent if the API does not report them."),
    ),
    reason: z.optional(described(reasonSchema, "Why the whole run was stopped.")),
  }),
);

export const runListSchema = listSchema(recipientRunSchema);

/** Runs after a retry. */
export const retriesSchema = itemsSchema(recipientRunSchema);

/** The API's `WorkflowRecipientRunEvent`. */
const runEventSchema = definition(
  "run_event",
  z.object({
    __typename: typeName("WorkflowRecipientRunEvent"),
    id: textField("The ID of the event."),
    event: textField("The name of the event."),
    status: described(z.enum(["ok", "error"]), "Whether the event is an error."),
    step_ref: z.optional(textOrNull("The ref of the step; null for events of the whole run.")),
    step_type: z.optional(textOrNull("The type of the step; null for events of the whole run.")),
    attempt: z.optional(countField("The number of the attempt, from 1.")),
    data: z.optional(jsonObjectOrNull("Details of the event, or null.")),
    inserted_at: timeField("When the event occurred."),
  }),
);

const evaluatedConditionSchema = definition(
  "condition",
  z.object({
    variable: textField("The variable."),
    operator: textField("The operator."),
    argument: jsonValue("The argument that the variable was compared with; null if its path does not exist."),
    value: z.optional(jsonValue("The value of the variable; null if its path does not exist.")),
    result: described(z.nullable(z.boolean()), "The result; null if the condition was not evaluated."),
  }),
);

const DECISION_FIELDS = {
  conditions: z.optional(described(z.array(evaluatedConditionSchema), "The conditions that were evaluated.")),
  preference: z.optional(
    described(
      z.object({
        set: z.optional(
          described(z.enum(["recipient", "tenant_default", "environment_default"]), "The kind of preference set."),
        ),
        id: z.optional(textOrNull("default or a tenant's ID; null for the environment's defaults.")),
        path: textField("The path of the deciding value in the set."),
        value: z.optional(jsonValue("The deciding value, unless conditions decided.")),
        conditions: z.optional(described(z.array(evaluatedConditionSchema), "The conditions that decided.")),
      }),
      "The preference that prevented sending.",
    ),
  ),
  warnings: z.optional(described(z.array(z.string()), "Warnings of the step.")),
};

const explainedStepSchema = withKeywords(
  definition(
    "explained_step",
    z.object({
      ...STEP_OUTCOME_FIELDS,
      ...DECISION_FIELDS,
      total_activities: z.optional(countField("The number of activities in a batch.")),
      workflow: z.optional(textField("The workflow that the step triggered.")),
      workflow_run_id: z.optional(textOrNull("The ID of the workflow run that the step started.")),
    }),
  ),
  STEP_OUTCOME_RULES,
);

/** The API's `WorkflowRecipientRunDetail`, with the steps and their decisions. */
export const shownRecipientRunSchema = z.object({
  ...RUN_FIELDS,
  events: described(z.array(runEventSchema), "The events of the run, in order."),
  data: z.optional(
    jsonObjectOrNull("The data of the run, which its steps can change. Absent if the API does not report it."),
  ),
  trigger_data: z.optional(
    jsonObjectOrNull("The data with which the run was triggered. Absent if the API does not report it."),
  ),
  branch: z.optional(textField("The branch whose files the run uses; absent for the main files.")),
  steps: described(z.array(explainedStepSchema), "The steps that were reached, with what decided them."),
  reason: z.optional(described(reasonSchema, "Why the whole run was stopped.")),
  ...DECISION_FIELDS,
  expectations: expectationsField(),
});

/** One advance of one waiting run, as `knock worker` prints it. */
export const advancedRunSchema = definition(
  "advanced_run",
  z.object({
    recipient_run_id: textField("The ID of the recipient run."),
    recipient: recipientReferenceSchema,
    workflow: textField("The workflow's key."),
    at: timeField("When the run was due."),
    steps: described(
      z.array(stepOutcomeSchema),
      "The steps of this advance, including the step that the run waited at.",
    ),
  }),
);

export type AdvancedRunDocument = z.infer<typeof advancedRunSchema>;

const failedDeliverySchema = z.object({
  message_id: textField("The message's ID."),
  recipient_run_id: textField("The ID of the recipient run."),
  recipient: recipientReferenceSchema,
  workflow: textField("The workflow's key."),
  step_ref: textField("The ref of the step."),
  channel: textField("The channel's key."),
  status: described(z.enum(DELIVERY_STATUSES), "queued: the delivery will be retried."),
  attempts: countField("The number of attempts so far."),
  reason: textField("The last error."),
  at: timeField("When the last attempt was made."),
});

export type FailedDeliveryDocument = z.infer<typeof failedDeliverySchema>;

/** The clock, and what ran while it moved. */
export const clockSchema = z.object({
  now: timeField("The time of the clock."),
  frozen: flagField("Whether the clock is stopped."),
  offset_ms: described(z.int(), "How many milliseconds the clock is ahead of real time."),
  ran: described(z.array(advancedRunSchema), "The runs that advanced, in order. A run may occur several times."),
  failed_deliveries: z.optional(
    described(
      z.array(failedDeliverySchema).check(z.minLength(1)),
      "Messages whose delivery failed. Absent without any.",
    ),
  ),
  expectations: expectationsField(),
});

export type ClockDocument = z.infer<typeof clockSchema>;
