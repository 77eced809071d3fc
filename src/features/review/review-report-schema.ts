import * as z from "zod/mini";
import { projectFindingSchema } from "../../checks/validation-report-schema.js";
import { COMPARED_MESSAGE_FIELDS, fieldDifferences } from "../../comparison/replay-report-schema.js";
import { reasonSchema, recipientReferenceSchema } from "../../domain/run/outcome-schema.js";
import { described } from "../../domain/schema/fields.js";
import {
  countField,
  definition,
  flagField,
  jsonObject,
  jsonValue,
  textField,
  textOrNull,
} from "../../domain/schema/output-fields.js";

const numberOrNull = (description: string) => described(z.nullable(z.number()), description);

const locationSchema = definition(
  "location",
  z.object({
    side: described(
      z.enum(["before", "after"]),
      "The version that contains the file. A removed line is only in `before`.",
    ),
    file: textField("The path of the file, relative to the root of the repository."),
    line: countField("The line, counted from 1."),
  }),
);

const changeSchema = definition(
  "change",
  z.object({
    kind: described(z.enum(["added", "removed", "changed", "moved"]), "The kind of change."),
    step: textOrNull("The ref of the step that contains the value, or null."),
    path: textField("The path of the value in the step or the document; empty for a step."),
    before: jsonValue("The value before; null for an added one."),
    after: jsonValue("The value after; null for a removed one."),
    text: textField("The change in words. The wording may change."),
    location: described(z.nullable(locationSchema), "Where the change is, or null."),
  }),
);

const messageFields = {
  ...COMPARED_MESSAGE_FIELDS,
  content: jsonObject("The content of the message, as in the API."),
};

const messageSchema = definition("reviewed_message", z.object(messageFields));

const exampleSchema = z.object({
  trigger: textOrNull("The scenario, the file and line, or the ID of the workflow run of the trigger."),
  recipient: recipientReferenceSchema,
  before: described(z.nullable(messageSchema), "The message before; null for a gained one."),
  after: described(z.nullable(messageSchema), "The message after; null for a lost one."),
  fields: fieldDifferences("The fields that differ. Empty for a gained or lost message."),
});

const differenceSchema = z.object({
  kind: described(z.enum(["lost", "gained", "changed"]), "Whether the messages are lost, gained or changed."),
  step: textField("The ref of the step."),
  channel_type: textField("The type of the channel."),
  reason: described(
    z.nullable(reasonSchema),
    "Why a lost message is no longer sent, or why a gained message was not sent before; null if its step or workflow was added or removed.",
  ),
  cause: described(
    z.nullable(
      z.object({
        text: textField("The change in words."),
        location: described(z.nullable(locationSchema), "Where the change is, or null."),
      }),
    ),
    "The change of the files that caused it, or null if it is not known.",
  ),
  messages: countField("The number of messages."),
  recipients: described(z.array(recipientReferenceSchema), "Their recipients, each one once."),
  examples: described(z.array(exampleSchema), "Up to 10 of the messages."),
});

const volumeSchema = (description: string) =>
  described(
    z.object({
      before: described(z.number(), "The number before."),
      after: described(z.number(), "The number after."),
    }),
    description,
  );

const costFields = {
  before: textField("The amount before, as a decimal number. More than 12 decimal places are rounded up to six."),
  after: textField("The amount after, as a decimal number."),
};

const workflowReviewSchema = z.object({
  workflow: textField("The key of the workflow; the new one of a renamed workflow."),
  name: textOrNull("The name of the workflow, or null."),
  state: described(
    z.enum(["added", "removed", "renamed", "changed", "affected"]),
    "affected: only other files that the workflow uses have changed.",
  ),
  previous_key: textOrNull("The key of a renamed workflow before, or null."),
  changes: described(z.array(changeSchema), "The changes of the workflow and its templates."),
  differences: described(z.array(differenceSchema), "The messages that differ: lost, gained, changed."),
  messages: volumeSchema("The number of messages in the samples."),
  volume: volumeSchema("The number of messages per month, or per trigger."),
  cost: described(
    z.nullable(z.object(costFields)),
    "The price of its messages of a month, without the plan, or null without prices.",
  ),
});

const resourceReviewSchema = z.object({
  resource: textField("The file or resource, such as partials/footer or environment.json."),
  state: described(z.enum(["added", "removed", "changed"]), "The kind of change."),
  changes: described(z.array(changeSchema), "The changes."),
  workflows: described(z.array(z.string()), "The keys of the workflows that use it."),
});

const rejectedSchema = z.object({
  side: described(z.enum(["before", "after", "both"]), "The version that rejected the trigger."),
  trigger: textField("The scenario, the file and line, or the ID of the workflow run."),
  workflow: textOrNull("The key of the workflow, or null."),
  code: textField("The error code."),
  message: textField("The error message."),
});

const SCENARIO_STATUSES = ["passed", "failed", "broken", "skipped"] as const;

const scenarioCounts = (description: string) =>
  described(
    z.object({
      passed: countField("Scenarios that passed."),
      failed: countField("Scenarios with an expectation that was not met."),
      broken: countField("Scenarios that could not run."),
      skipped: countField("Skipped scenarios."),
    }),
    description,
  );

const scenarioStatus = (description: string) => described(z.nullable(z.enum(SCENARIO_STATUSES)), description);

const sideSchema = (description: string) =>
  described(
    z.object({
      name: textField("The revision, or the working tree."),
      commit: textOrNull("The commit, or null for a folder that is not in a repository."),
    }),
    description,
  );

/** The schema of what `knock review --format json` prints. */
export const reviewReportSchema = z.object({
  project: textField("The folder of the project in its repository; `.` for the root."),
  environment: textOrNull("The selected environment, or null."),
  base: sideSchema("The version before."),
  head: sideSchema("The version after."),
  sources: described(
    z.array(
      z.object({
        kind: described(z.enum(["scenarios", "file", "store", "account"]), "The kind of source."),
        name: textField("Its name, such as a path."),
        triggers: countField("The number of triggers."),
        days: numberOrNull("The time from the first to the last trigger in days; null without times."),
      }),
    ),
    "Where the triggers come from.",
  ),
  summary: described(
    z.object({
      verdict: textField("The result in one sentence. The wording may change."),
      has_differences: flagField("Whether anything differs."),
      workflows: countField("The workflows with changes or differences."),
      lost: countField("The messages that are no longer sent."),
      gained: countField("The messages that are new."),
      changed: countField("The messages that differ."),
      equal: countField("The messages that are equal."),
      recipients_lost: countField("The recipients who lose a message."),
      recipients_gained: countField("The recipients who gain a message."),
      recipients_changed: countField("The recipients of changed messages."),
    }),
    "The totals.",
  ),
  workflows: described(z.array(workflowReviewSchema), "The workflows that differ, those that lose messages first."),
  resources: described(z.array(resourceReviewSchema), "Other files that differ, such as layouts and translations."),
  rejected: described(
    z.array(rejectedSchema),
    "Triggers that could not run. A trigger that both versions reject has the side both.",
  ),
  scenarios: described(
    z.object({
      before: scenarioCounts("The scenarios of the version before, run on it."),
      after: scenarioCounts("The scenarios of the version after, run on it."),
      changes: described(
        z.array(
          z.object({
            file: textField("The file, relative to the root of the repository."),
            name: textField("The name of the scenario."),
            before: scenarioStatus("The status before; null for a new scenario."),
            after: scenarioStatus("The status after; null for a removed scenario."),
            message: textOrNull("Why it failed or could not run, or null."),
          }),
        ),
        "The scenarios whose status differs, and those that fail.",
      ),
      coverage: described(
        z.nullable(
          z.object({
            before: described(z.number(), "The share before, in percent."),
            after: described(z.number(), "The share after, in percent."),
          }),
        ),
        "The share of steps, branches, conditions and templates that scenarios reach; null without scenarios.",
      ),
    }),
    "The scenarios of both versions.",
  ),
  findings: described(
    z.object({
      new: described(
        z.array(projectFindingSchema),
        "The findings of `knock validate` that are new. Missing translations are among them.",
      ),
      fixed: described(z.array(projectFindingSchema), "The findings that are gone."),
    }),
    "The findings of both versions.",
  ),
  volume: described(
    z.object({
      unit: described(
        z.enum(["month", "trigger"]),
        "month: the messages of triggers whose times span a day or more, scaled to 30 days. trigger: the messages per trigger, without such triggers.",
      ),
      before: described(z.number(), "The number of messages before."),
      after: described(z.number(), "The number of messages after."),
      channels: described(
        z.array(
          z.object({
            type: textField("The type of the channel."),
            before: described(z.number(), "The number before."),
            after: described(z.number(), "The number after."),
          }),
        ),
        "The numbers by the type of the channel.",
      ),
      cost: described(
        z.nullable(
          z.object({
            currency: textField("The currency."),
            ...costFields,
            unpriced: described(z.array(z.string()), "The messages without a price, in words."),
          }),
        ),
        "The price of the messages of a month and of the plan, or null without prices or times.",
      ),
    }),
    "The number of messages before and after.",
  ),
  rules: described(
    z.array(
      z.object({
        rule: textField("The rule as it was given, such as --max-lost 0."),
        met: flagField("Whether the rule is met."),
        found: textField("The value that was found."),
      }),
    ),
    "The rules that decide the exit code.",
  ),
  notes: described(z.array(z.string()), "The known gaps of the review, one sentence each."),
});

export type ReviewReport = z.infer<typeof reviewReportSchema>;
export type WorkflowReview = ReviewReport["workflows"][number];
export type MessageDifference = WorkflowReview["differences"][number];
