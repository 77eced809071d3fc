import * as z from "zod/mini";
import { described } from "../schema/fields.js";
import { definition, jsonObject, jsonObjectOrNull, textField, textOrNull } from "../schema/output-fields.js";

/** A step as `knock workflows` shows it. */
interface StepView {
  ref: string;
  type: string;
  summary: string | null;
  conditions: string | null;
  channel_type?: string | null | undefined;
  channel?: string | null | undefined;
  branches?: { name: string | null; conditions: string | null; steps: StepView[] }[] | undefined;
}

export const stepViewSchema: z.ZodMiniType<StepView> = definition(
  "step_view",
  z.object({
    ref: textField("The step's ref."),
    type: textField("The type of the step."),
    summary: textOrNull("The main setting of the step, such as 30 minutes for a delay, or null."),
    conditions: textOrNull("The conditions of the step as text, or null."),
    channel_type: z.optional(textOrNull("The channel type of a channel step.")),
    channel: z.optional(textOrNull("The key of the channel or channel group of a channel step.")),
    branches: z.optional(
      described(
        z.array(
          z.object({
            name: textOrNull("The name of the branch."),
            conditions: textOrNull("The conditions of the branch as text, or null."),
            steps: described(z.array(z.lazy(() => stepViewSchema)), "The steps of the branch."),
          }),
        ),
        "The branches of a step that has them.",
      ),
    ),
  }),
);

export const workflowProblemSchema = z.object({
  severity: described(z.enum(["error", "warning"]), "An error prevents triggers, a warning does not."),
  message: textField("The problem with its location."),
});

/** A trigger in the file that starts runs in addition to the API (F-025). */
const workflowTriggerSchema = z.union([
  z.object({
    type: described(z.literal("audience"), "Runs start when a user becomes a member of an audience."),
    audience_key: textField("The audience whose new members start runs."),
  }),
  z.object({
    type: described(z.literal("event"), "Runs start when a source sends an event."),
    source_key: textField("The source of the events."),
    event_key: textField("The type of the events."),
    mapping: jsonObject("How the event's fields become the trigger."),
  }),
]);

export const workflowViewSchema = z.object({
  key: textField("The workflow's key."),
  name: textOrNull("The workflow's name; null for an invalid file."),
  categories: described(z.array(z.string()), "The categories."),
  active: described(z.nullable(z.boolean()), "Whether the workflow is active; null for an invalid file."),
  trigger_frequency: textOrNull("How often the workflow runs for a recipient; null for an invalid file."),
  trigger: described(
    z.nullable(workflowTriggerSchema),
    "The audience or source event that starts runs in addition to the API, or null.",
  ),
  trigger_data_json_schema: jsonObjectOrNull("The JSON Schema of the trigger data, or null."),
  steps: described(z.array(stepViewSchema), "The steps."),
  last_run: jsonObjectOrNull("The newest recipient run in the local store, or null."),
  problems: described(z.array(workflowProblemSchema), "The problems in the workflow's files."),
});
