import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { conditionGroupSchema } from "../condition/condition-schema.js";
import { discriminatedUnion } from "../schema/discriminated-union.js";
import {
  anyObject,
  choice,
  described,
  flag,
  lazySchema,
  optional,
  requiredText,
  schemaReference,
  serviceField,
  stringUpTo,
  wholeNumber,
} from "../schema/fields.js";
import { jsonSchema } from "../schema/json-schema.js";
import { SILENCERS_KEY, silencersField } from "../schema/silencer-schema.js";
import { stepListSchema } from "../step-types/parse-steps.js";

const TRIGGER_FREQUENCIES = ["every_trigger", "once_per_recipient", "once_per_recipient_per_tenant"] as const;

/**
 * The schemas of the triggers that start runs in addition to the API. They are a local extension of the file (F-025).
 */
const TRIGGER_SCHEMAS = {
  audience: once(() =>
    z.strictObject({
      type: described(z.literal("audience"), "Runs start when a user becomes a member of an audience."),
      audience_key: requiredText("The key of the audience."),
    }),
  ),
  event: once(() =>
    z.strictObject({
      type: described(z.literal("event"), "Runs start when a source sends an event."),
      source_key: requiredText('The key of the source, such as "billing".'),
      event_key: requiredText('The name of the event, such as "invoice.paid".'),
      mapping: described(optional(anyObject()), "How the trigger's parameters are read from the event.", {
        recipients: "user_id",
      }),
    }),
  ),
};

/**
 * The schema of a `workflow.json` whose template files have been inserted (section 4 of the format). It is built when
 * the first workflow is read.
 */
export const workflowSchema = once(() =>
  described(
    z.strictObject({
      $schema: schemaReference(),
      name: described(optional(stringUpTo(255)), "The display name (default: the key)."),
      description: described(optional(stringUpTo(280)), "The purpose of the workflow."),
      categories: described(optional(z.array(z.string())), "Categories that recipients set preferences for."),
      tags: described(optional(z.array(z.string())), "Tags for organizing workflows. They have no effect."),
      trigger_frequency: choice(
        TRIGGER_FREQUENCIES,
        "How often the workflow can run for a recipient (default: every_trigger).",
      ),
      trigger_data_json_schema: jsonSchema("The JSON Schema that the data of triggers must match.", {
        required: ["page"],
      }),
      settings: described(
        optional(
          lazySchema(() =>
            z.strictObject({
              is_commercial: flag("Whether its messages are commercial (default: false)."),
              override_preferences: flag("Whether preferences are ignored (default: false)."),
              [SILENCERS_KEY]: silencersField(),
            }),
          ),
        ),
        "Settings of the workflow.",
      ),
      goal_attachment: described(
        optional(
          lazySchema(() =>
            z.strictObject({
              goal_key: requiredText("The key of the goal.", "activation"),
              attribution_window_days: described(
                optional(wholeNumber(1, 30)),
                "The attribution window of the goal, in days.",
                7,
              ),
            }),
          ),
        ),
        "The goal that messages contribute to. It has no effect locally.",
      ),
      trigger: described(
        optional(discriminatedUnion("type", TRIGGER_SCHEMAS)),
        "A source or an audience that starts runs, besides the API.",
      ),
      conditions: described(
        optional(conditionGroupSchema()),
        "Trigger conditions. If they are false, runs end before the first step.",
      ),
      // This is a copy, because branches share the schema and have their own description.
      steps: described(stepListSchema().check(), "The steps of a run, in order."),
      active: described(optional(z.boolean()), "Whether the workflow can be triggered (default: true)."),
      key: serviceField(),
      valid: serviceField(),
      environment: serviceField(),
      created_at: serviceField(),
      updated_at: serviceField(),
      deleted_at: serviceField(),
      sha: serviceField(),
    }),
    "A workflow: what happens when it is triggered.",
  ),
);
